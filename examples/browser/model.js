/** Both graphs behind `encode` and `decode`, and the golden check. */

import { anySize } from "./any-size.js";
import { ort } from "./ort.js";

/**
 * A model of any size takes the size with a batch, and has `reconstruct` and `pieces` of any-size.js.
 * @param {{model: object, encoder: Uint8Array, decoder: Uint8Array}} bundle
 * @returns {Promise<{encode: Run, decode: Run}>}
 * @typedef {(batch: Float32Array, size?: [number, number]) => Promise<Float32Array>} Run
 */
export async function start({ model, encoder, decoder }) {
  const open = (graph) => ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
  const [encoding, decoding] = [await open(encoder), await open(decoder)];
  const { image, latent } = model;
  let last = Promise.resolve(); // one call at a time
  const run = (session, input, output, given) => (batch, size) => {
    const shape = size ? [given[0], ...size] : given;
    const count = batch.length / shape.reduce((a, b) => a * b, 1);
    const tensor = new ort.Tensor("float32", batch, [count, ...shape]);
    const result = last.then(async () => (await session.run({ [input]: tensor }, [output]))[output].data);
    last = result.catch(() => {});
    return result;
  };
  const pair = {
    encode: run(encoding, "image", "latent", image.shape), // a VAE has "log_variance", too
    decode: run(decoding, "latent", "image", latent.shape),
  };
  return image.size === "any" ? { ...pair, ...anySize(model, pair) } : pair;
}

/** Do the graphs compute here what they computed when they were exported? At both sizes if they take any. */
export async function checkGolden({ golden, latent: { stride } }, { encode, decode }) {
  let worst = 0;
  for (const { size, image, latent, reconstruction } of golden.second ? [golden, golden.second] : [golden]) {
    const code = await encode(floats(image), size);
    const rebuilt = await decode(floats(latent), size?.map((side) => side / stride));
    worst = Math.max(worst, largestDifference(code, floats(latent)), largestDifference(rebuilt, floats(reconstruction)));
  }
  const allowed = golden.tolerance.wasm ?? golden.tolerance.default;
  return { worst, allowed, ok: worst <= allowed }; // a NaN is not
}

/** Little-endian float32 in base64. */
export function floats(text) {
  const raw = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const view = new DataView(raw.buffer);
  return Float32Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function largestDifference(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - wanted[i])), 0);
}
