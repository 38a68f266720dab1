/** The pictures behind the latent plane: a grid of it, decoded in one batch. */

import { toPixels } from "./pixels.js";

const ACROSS = 12; // tiles in a row

/**
 * @param {{ranges: {low: number, high: number}[], axes: number[], latent: Float32Array, shape: number[]}} state
 * @param {(batch: Float32Array) => Promise<Float32Array>} decode
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function decodeTiles({ ranges, axes, latent, shape }, decode) {
  const rows = axes[0] === axes[1] ? 1 : ACROSS;
  const batch = new Float32Array(ACROSS * rows * latent.length);
  for (let i = 0; i < ACROSS * rows; i++) {
    const value = ({ low, high }, part) => low + ((part + 0.5) / ACROSS) * (high - low);
    batch.set(latent, i * latent.length);
    batch[i * latent.length + axes[0]] = value(ranges[axes[0]], i % ACROSS);
    if (rows > 1) batch[i * latent.length + axes[1]] = value(ranges[axes[1]], ACROSS - 1 - Math.floor(i / ACROSS));
  }
  const images = await decode(batch);
  const [channels, height, width] = shape;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [ACROSS * width, rows * height];
  for (let i = 0; i < ACROSS * rows; i++) {
    const pixels = toPixels(images, shape, i * channels * height * width);
    canvas.getContext("2d").putImageData(pixels, (i % ACROSS) * width, Math.floor(i / ACROSS) * height);
  }
  return canvas;
}
