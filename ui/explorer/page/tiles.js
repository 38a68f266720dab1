/** All that the map shows, decoded: in each cell the picture of its centre, pale where its latent is far from the codes. */
async function decodeTiles(state, decode) {
  const [, height, width] = state.image;
  const most = Math.sqrt(100_000 / state.latent.length); // at most 100,000 numbers are sent
  const side = Math.max(6, Math.min(18, Math.floor(576 / Math.max(width, height)), Math.floor(most)));
  const [longer, shorter] = [Math.max(width, height), Math.min(width, height)];
  const other = Math.min(2 * side, Math.round((side * longer) / shorter)); // the map is square, pictures need not be
  const [columns, rows] = width < height ? [other, side] : [side, other];
  const part = state.plane.zoom.now();
  const { images, far } = await decode(state.plane.grid(state.latent, columns, rows));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns * width, rows * height];
  const context = canvas.getContext("2d");
  for (let i = 0; i < columns * rows; i++) {
    const alpha = far?.[i] ? 70 : 255;
    paintImage(context, images, state.image, i, (i % columns) * width, Math.floor(i / columns) * height, alpha);
  }
  return { canvas, part };
}
