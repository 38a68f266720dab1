/** Float images, channels first, in [0, 1], to canvases and back; photographs from files. */

import { Problem } from "./problem.js";

/** @param {Float32Array} image @param {number[]} shape [channels, height, width] @returns {ImageData} */
export function toPixels(image, [channels, height, width], offset = 0) {
  const size = height * width;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 255 * image[offset + (channels === 1 ? 0 : c) * size + i];
    pixels.data[4 * i + 3] = 255;
  }
  return pixels;
}

/** @param {ImageData} pixels @returns {Float32Array} */
export function fromPixels({ data, width, height }, channels) {
  const size = width * height;
  const image = new Float32Array(channels * size);
  for (let i = 0; i < size; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 1) image[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b) / 255;
    else image.set([r / 255], i), image.set([g / 255], size + i), image.set([b / 255], 2 * size + i);
  }
  return image;
}

export function paint(canvas, image, shape) {
  [, canvas.height, canvas.width] = shape;
  canvas.getContext("2d").putImageData(toPixels(image, shape), 0, 0);
}

/** How far apart two images are: nothing where they agree, strong where they differ. Returns the MSE. */
export function paintError(canvas, image, other, [channels, height, width]) {
  [canvas.height, canvas.width] = [height, width];
  const size = height * width;
  const pixels = new ImageData(width, height);
  let sum = 0;
  for (let i = 0; i < size; i++) {
    let squares = 0;
    for (let c = 0; c < channels; c++) squares += (image[c * size + i] - other[c * size + i]) ** 2;
    sum += squares;
    pixels.data.set([228, 66, 40, 255 * Math.min(1, 1.5 * Math.sqrt(squares / channels))], 4 * i);
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return sum / size / channels;
}

const STRIP = 2 ** 20; // pixels of a canvas: phones allow few

/**
 * The pixels of a photograph at its own size, upright, in sRGB, as RGBA.
 * @param {Blob} file
 * @returns {Promise<import("./any-size.js").Picture>}
 */
export async function openPhoto(file) {
  const bitmap = await createImageBitmap(file).catch(() => { // upright: as its EXIF orientation says
    throw new Problem("noPhoto", { name: file.name ?? "" });
  });
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = Math.min(height, Math.ceil(STRIP / width));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const count = Math.min(rows, height - top);
    data.set(context.getImageData(0, 0, width, count).data, 4 * top * width);
  }
  bitmap.close();
  return { width, height, data };
}
