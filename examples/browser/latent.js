/** The latent space of a model: how far each dimension goes, what to call it, latents drawn at random. */

/** Where each dimension of the flat latent is worth looking at: `{low, high}`. */
export function ranges({ latent }) {
  return latent.mean.map((mean, i) => {
    let low = Math.max(latent.minimum[i], mean - 3 * latent.deviation[i]);
    let high = Math.min(latent.maximum[i], mean + 3 * latent.deviation[i]);
    if (latent.prior === "normal") [low, high] = [Math.min(low, -3), Math.max(high, 3)];
    return high - low > 1e-6 ? { low, high } : { low: mean - 1, high: mean + 1 };
  });
}

/**
 * The two dimensions to look at first, in their own order: the one that the codes spread over most, and the next
 * that tells something else. The only one twice.
 */
export function widest({ latent }, codes) {
  const order = latent.deviation.map((_, i) => i).sort((a, b) => latent.deviation[b] - latent.deviation[a]);
  const other = order.slice(1, 200).find((i) => !codes || correlation(latent, codes, order[0], i) < 0.6) ?? order[1];
  return [order[0], other ?? order[0]].sort((a, b) => a - b);
}

function correlation({ mean, deviation }, codes, a, b) {
  let sum = 0;
  for (let at = 0; at < codes.length; at += mean.length) sum += (codes[at + a] - mean[a]) * (codes[at + b] - mean[b]);
  return Math.abs((sum * mean.length) / codes.length / (deviation[a] * deviation[b]));
}

/** 'z5', or 'z5 (2, 0, 1)' where the latent is spatial: channel, row, column. All from nought. */
export function nameOf(index, shape) {
  if (shape.length === 1) return `z${index}`;
  const place = shape.map((size, axis) => {
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    return Math.floor(index / inner) % size;
  });
  return `z${index} (${place.join(", ")})`;
}

/** A latent from N(0, I) where training asked for that, else from a gaussian fitted to the codes. */
export function drawLatent({ latent }, codes) {
  const size = latent.mean.length;
  if (latent.prior === "normal") return Float32Array.from({ length: size }, normal);
  const drawn = Float64Array.from(latent.mean);
  if (codes && codes.length / size > size) {
    // random weights on the codes' distances from their mean: exactly their covariance, without its matrix
    const count = codes.length / size;
    for (let row = 0; row < count; row++) {
      const weight = normal() / Math.sqrt(count - 1);
      for (let i = 0; i < size; i++) drawn[i] += weight * (codes[row * size + i] - latent.mean[i]);
    }
  } else for (let i = 0; i < size; i++) drawn[i] += normal() * latent.deviation[i];
  return Float32Array.from(drawn, (value, i) => Math.min(latent.maximum[i], Math.max(latent.minimum[i], value)));
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
