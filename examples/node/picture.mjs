/** PNG files to what the model takes, and back. */

import { PNG } from "pngjs";

/**
 * A PNG as the model wants it: Float32Array, channels first, in [0, 1].
 * @param {Buffer} file
 * @param {{shape: number[], background: number, resize?: string, padding?: number[]}} image of model.json
 */
export function prepare(file, image) {
  const [channels, height, width] = image.shape;
  const padding = image.padding ?? [255, 255, 255];
  const png = PNG.sync.read(file); // RGBA, 8 bits each
  let planes = flatten(png, channels, padding);
  if (isOpposed(border(planes, png.width, png.height), image.background)) planes = planes.map((plane) => plane.map((value) => 255 - value));
  const ground = channels === 1 ? [luma(padding)] : padding;
  const fitted = planes.map((plane, i) => fit(plane, png, width, height, image.resize ?? "crop", ground[i]));
  return Float32Array.from(fitted.flatMap((plane) => [...plane]), (value) => value / 255);
}

/**
 * Whether it is dark on bright and the model learned the other, or the other way round. Between 0.4 and 0.6 the
 * model's images have no background in common, as photos have none.
 */
const isOpposed = (edge, background) => (background < 0.4 || background > 0.6) && Math.abs(edge - background) > 0.5;

const luma = ([r, g, b]) => Math.round(0.299 * r + 0.587 * g + 0.114 * b); // ITU-R 601, as in Pillow

/** One plane a channel; what is transparent lies on the padding's colour. */
function flatten({ width, height, data }, channels, padding) {
  const planes = Array.from({ length: channels }, () => new Float64Array(width * height));
  for (let i = 0; i < width * height; i++) {
    const alpha = data[4 * i + 3] / 255;
    const rgb = padding.map((under, c) => Math.round(data[4 * i + c] * alpha + under * (1 - alpha)));
    if (channels === 1) planes[0][i] = luma(rgb);
    else planes.forEach((plane, c) => (plane[i] = rgb[c]));
  }
  return planes;
}

/** The mean brightness of the outermost pixels, in [0, 1]: of the four sides, each for itself. */
function border(planes, width, height) {
  let sum = 0;
  for (const plane of planes) {
    const mean = (count, at) => Array.from({ length: count }, (_, i) => plane[at(i)]).reduce((a, b) => a + b) / count;
    sum += mean(width, (i) => i) + mean(width, (i) => (height - 1) * width + i);
    sum += mean(height, (i) => i * width) + mean(height, (i) => i * width + width - 1);
  }
  return sum / planes.length / 4 / 255;
}

/** Scale to cover and cut ('crop'), scale to fit inside and fill up ('pad'), or stretch ('fit'). */
function fit(plane, from, width, height, resize, ground) {
  if (from.width === width && from.height === height) return plane;
  const across = width / from.width;
  const down = height / from.height;
  if (resize === "fit") return scale(plane, from, [0, 0, from.width, from.height], width, height);
  if (resize === "crop") {
    const cover = Math.max(across, down);
    const [w, h] = [width / cover, height / cover];
    return scale(plane, from, [(from.width - w) / 2, (from.height - h) / 2, w, h], width, height);
  }
  const inside = Math.min(across, down);
  const w = Math.min(width, Math.max(1, Math.round(from.width * inside)));
  const h = Math.min(height, Math.max(1, Math.round(from.height * inside)));
  const small = scale(plane, from, [0, 0, from.width, from.height], w, h);
  const out = new Float64Array(width * height).fill(ground);
  const [left, top] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)];
  for (let y = 0; y < h; y++) out.set(small.subarray(y * w, y * w + w), (top + y) * width + left);
  return out;
}

/** The part [left, top, width, height] of a plane at another size, by Lanczos' filter, as Pillow does it. */
function scale(plane, from, [left, top, w, h], width, height) {
  const columns = weights(from.width, left, w, width);
  const rows = weights(from.height, top, h, height);
  const narrow = new Float64Array(width * from.height);
  for (let y = 0; y < from.height; y++)
    for (let x = 0; x < width; x++)
      narrow[y * width + x] = byte(columns[x].reduce((sum, [i, weight]) => sum + weight * plane[y * from.width + i], 0));
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out[y * width + x] = byte(rows[y].reduce((sum, [i, weight]) => sum + weight * narrow[i * width + x], 0));
  return out;
}

const byte = (value) => Math.min(255, Math.max(0, Math.round(value)));

/** For each place in the output, [place in the input, weight]; wider where the picture shrinks. */
function weights(size, start, length, count) {
  const step = length / count;
  const stretch = Math.max(1, step);
  return Array.from({ length: count }, (_, i) => {
    const centre = start + (i + 0.5) * step;
    const first = Math.max(0, Math.round(centre - 3 * stretch));
    const last = Math.min(size, Math.round(centre + 3 * stretch));
    const pairs = [];
    for (let j = first; j < last; j++) pairs.push([j, lanczos((j + 0.5 - centre) / stretch)]);
    const sum = pairs.reduce((total, [, weight]) => total + weight, 0);
    return pairs.map(([j, weight]) => [j, weight / sum]);
  });
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

/** A PNG as RGBA, 8 bits each: `{width, height, data}`. */
export const readPng = (file) => PNG.sync.read(file);

/** A PNG of RGBA, without alpha if all of it is opaque. */
export function writePng({ width, height, data }) {
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  const png = Object.assign(new PNG({ width: 1, height: 1 }), { width, height, data: Buffer.from(data.buffer) });
  return PNG.sync.write(png, { colorType: opaque ? 2 : 6 });
}

/**
 * A PNG of images side by side.
 * @param {Float32Array[]} images each channels first, in [0, 1]
 * @param {number[]} shape [channels, height, width]
 */
export function toPng(images, [channels, height, width]) {
  const png = new PNG({ width: width * images.length, height });
  images.forEach((image, n) => {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = 4 * (y * png.width + n * width + x);
        for (let c = 0; c < 3; c++) {
          const value = image[(channels === 1 ? 0 : c) * height * width + y * width + x];
          png.data[at + c] = Math.round(Math.min(1, Math.max(0, value)) * 255);
        }
        png.data[at + 3] = 255;
      }
  });
  return PNG.sync.write(png, { colorType: 2 });
}
