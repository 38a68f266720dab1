/**
 * A plane through the latent space: latent = origin + x * across + y * up + a residual off the plane, which stays as it is
 * when the pointer moves in the plane. The map shows x and y; `zoom` has the part of the plane that it shows.
 */
function latentPlane(sent) {
  const [across, up, origin] = [sent.across, sent.up, sent.origin].map(floatsOf);
  const [[lowX, lowY], [highX, highY]] = [sent.low, sent.high];
  const zoom = zoomOf();
  const along = (axis, latent, at) => {
    let sum = 0;
    for (let i = 0; i < axis.length; i++) sum += axis[i] * (latent[at + i] - origin[i]);
    return sum;
  };
  return {
    axes: sent.axes,
    points: floatsOf(sent.points),
    density: { levels: bytesOf(sent.density), side: sent.side },
    zoom,
    /** The x and y of a latent. */
    place: (latent, at = 0) => [along(across, latent, at), along(up, latent, at)],
    /** The covariance of x and y, [xx, xy, yy], of independent numbers with these standard deviations. */
    spread(std) {
      const sum = [0, 0, 0];
      for (let i = 0; i < std.length; i++) {
        const variance = std[i] * std[i];
        sum[0] += variance * across[i] * across[i];
        sum[1] += variance * across[i] * up[i];
        sum[2] += variance * up[i] * up[i];
      }
      return sum;
    },
    /** Zoom to a place, so that lengths of `reach` about it take most of the map; return whether that is another part. */
    closeUp(x, y, reach) {
      const [left, top] = zoom.outOf(...this.share(x, y));
      return zoom.about(left, top, (2.5 * reach) / Math.min(highX - lowX, highY - lowY));
    },
    /** The latent moved within the plane to x and y. */
    moved(latent, x, y) {
      const [nowX, nowY] = this.place(latent);
      return latent.map((value, i) => value + (x - nowX) * across[i] + (y - nowY) * up[i]);
    },
    /** The position of (x, y) on the map: [0, 1] from the left, [0, 1] from the top; others are outside it. */
    share: (x, y) => zoom.into((x - lowX) / (highX - lowX), 1 - (y - lowY) / (highY - lowY)),
    /** The x and y of a position on the map; the inverse of `share`. */
    at(left, top) {
      const [fromLeft, fromTop] = zoom.outOf(left, top);
      return [lowX + fromLeft * (highX - lowX), lowY + (1 - fromTop) * (highY - lowY)];
    },
    /** The centres of the map's cells as latents, row by row from the top. */
    grid(latent, columns, rows) {
      const all = new Float32Array(columns * rows * latent.length);
      for (let i = 0; i < columns * rows; i++) {
        const [x, y] = this.at(((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows);
        all.set(this.moved(latent, x, y), i * latent.length);
      }
      return all;
    },
  };
}
