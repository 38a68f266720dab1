/**
 * Pictures of any size through a model of any size: extended to the model's grid, cut into tiles, computed, cropped.
 *
 * A model of any size takes pictures whose sides are multiples of `image.multiple`, and computes each pixel from the
 * pixels within `image.receptive_radius`. So a tile is computed from a part of the picture that reaches this much
 * farther on each side, and the margin of the result is thrown away: the tiles give exactly what the whole would give.
 *
 * Nothing is imported: this works in a page, in a worker and in Node.
 *
 * @typedef {{width: number, height: number, data: Uint8Array | Uint8ClampedArray}} Picture RGBA, as ImageData and
 *   pngjs have it
 * @typedef {(batch: Float32Array, size: [number, number]) => Promise<Float32Array>} Run of a batch of one size: that of
 *   the images for `encode`, that of the latents for `decode`
 */

const WHOLE = 2 ** 20; // pixels of a picture that is computed at once
const SIDE = 384; // pixels of a tile's side, without its margin
const LEAST = 16;

/**
 * @param {{image: object, latent: object}} model model.json, with `image.size` "any"
 * @param {{encode: Run, decode: Run}} pair
 */
export function anySize({ image: { shape, multiple, receptive_radius: radius }, latent }, { encode, decode }) {
  const channels = shape[0];

  /**
   * The pieces of the result, row by row; they cover the picture exactly once.
   * @param {Picture} picture
   * @param {{tile?: number, signal?: AbortSignal}} [options] `tile`: the side of the tiles in pixels; 0 for the whole
   *   at once; chosen by the picture's size if absent
   */
  async function* pieces(picture, { tile, signal } = {}) {
    const tiles = plan(picture.height, picture.width, { tile, multiple, radius });
    const grey = isGrey(picture);
    const planes = grey && channels === 1 ? 1 : 3; // a model of grey pictures gets red, green and blue one by one
    for (const [number, [rows, columns]] of tiles.entries()) {
      // a task of its own, so that a message or a click that cancels is heard between two tiles
      await new Promise((done) => setTimeout(done));
      signal?.throwIfAborted();
      const size = [rows.to - rows.from, columns.to - columns.from];
      const code = await encode(cut(picture, rows, columns, planes), size);
      const values = await decode(code, size.map((side) => side / latent.stride));
      yield {
        top: rows.start,
        left: columns.start,
        ...pixels(values, picture, rows, columns, { planes, grey }),
        done: number + 1,
        total: tiles.length,
      };
    }
  }

  /**
   * A picture encoded and decoded, at its own size. Alpha stays as it is, and a grey picture stays grey. Besides the
   * result there are floats of one tile only.
   * @param {Picture} picture
   * @param {{tile?: number, signal?: AbortSignal, onProgress?: (done: number, total: number) => void}} [options]
   * @returns {Promise<Picture>}
   */
  async function reconstruct(picture, { onProgress, ...options } = {}) {
    const { width, height } = picture;
    const data = new Uint8ClampedArray(4 * width * height);
    for await (const piece of pieces(picture, options)) {
      for (let y = 0; y < piece.height; y++) {
        const row = piece.data.subarray(4 * y * piece.width, 4 * (y + 1) * piece.width);
        data.set(row, 4 * ((piece.top + y) * width + piece.left));
      }
      onProgress?.(piece.done, piece.total);
    }
    return { width, height, data };
  }

  return { pieces, reconstruct };
}

/**
 * The tiles of a picture, each as [rows, columns]: `start` and `end` of what it gives, `from` and `to` of what it is
 * computed from, which may reach beyond the picture's right and bottom edge.
 */
export function plan(height, width, { tile, multiple, radius }) {
  if (tile && radius === null)
    throw new Error("this model cannot be computed in tiles: each pixel of its results depends on the whole picture");
  if (tile && tile < Math.max(LEAST, multiple))
    throw new RangeError(`tile must be 0, for the whole picture at once, or at least ${Math.max(LEAST, multiple)}`);
  const side = tile ?? (height * width <= WHOLE || radius === null ? 0 : SIDE);
  const margin = Math.ceil((radius ?? 0) / multiple) * multiple;
  const across = spans(width, side, multiple, margin);
  return spans(height, side, multiple, margin).flatMap((rows) => across.map((columns) => [rows, columns]));
}

/** The tiles along one side of a picture; their lengths differ by one step of the grid at most. */
function spans(length, side, multiple, margin) {
  const steps = Math.ceil(length / multiple);
  const count = side ? Math.ceil(steps / Math.max(1, Math.floor(side / multiple))) : 1;
  const edge = (number) => Math.floor((steps * number) / count) * multiple;
  return Array.from({ length: count }, (_, number) => ({
    start: edge(number),
    end: Math.min(edge(number + 1), length),
    from: Math.max(0, edge(number) - margin),
    to: Math.min(edge(count), edge(number + 1) + margin),
  }));
}

/** What a tile is computed from: planes of floats in [0, 1]. Beyond the picture its edge is repeated. */
function cut({ data, width, height }, rows, columns, planes) {
  const size = (rows.to - rows.from) * (columns.to - columns.from);
  const out = new Float32Array(planes * size);
  for (let y = rows.from, i = 0; y < rows.to; y++)
    for (let x = columns.from; x < columns.to; x++, i++) {
      const at = 4 * (Math.min(y, height - 1) * width + Math.min(x, width - 1));
      for (let c = 0; c < planes; c++) out[c * size + i] = data[at + c] / 255;
    }
  return out;
}

/** The result of a tile without its margin, as RGBA, with the picture's alpha. */
function pixels(values, picture, rows, columns, { planes, grey }) {
  const [height, width, across] = [rows.end - rows.start, columns.end - columns.start, columns.to - columns.from];
  const size = (rows.to - rows.from) * across;
  const data = new Uint8ClampedArray(4 * width * height); // rounds what is written into it
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 4) {
      const at = (rows.start - rows.from + y) * across + columns.start - columns.from + x;
      const rgb = [0, 1, 2].map((c) => 255 * values[planes === 1 ? at : c * size + at]);
      // the colours that a model gives a grey picture are its errors
      if (grey) rgb.fill((rgb[0] + rgb[1] + rgb[2]) / 3);
      for (let c = 0; c < 3; c++) data[i + c] = rgb[c];
      data[i + 3] = picture.data[4 * ((rows.start + y) * picture.width + columns.start + x) + 3];
    }
  return { width, height, data };
}

function isGrey({ data }) {
  for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}
