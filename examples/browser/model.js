/** Both graphs behind `encode` and `decode`, and the golden check. */

import { ort } from "./ort.js";

/**
 * @param {{model: object, encoder: Uint8Array, decoder: Uint8Array}} bundle
 * @returns {Promise<{encode: Run, decode: Run}>}
 * @typedef {(batch: Float32Array) => Promise<Float32Array>} Run
 */
export async function start({ model, encoder, decoder }) {
  const open = (graph) => ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
  const [encoding, decoding] = [await open(encoder), await open(decoder)];
  const { image, latent } = model;
  let last = Promise.resolve(); // one call at a time
  const run = (session, input, output, shape) => (batch) => {
    const count = batch.length / shape.reduce((a, b) => a * b, 1);
    const tensor = new ort.Tensor("float32", batch, [count, ...shape]);
    const result = last.then(async () => (await session.run({ [input]: tensor }, [output]))[output].data);
    last = result.catch(() => {});
    return result;
  };
  return {
    encode: run(encoding, "image", "latent", image.shape), // a VAE has "log_variance", too
    decode: run(decoding, "latent", "image", latent.shape),
  };
}

/** Do the graphs compute here what they computed when they were exported? */
export async function checkGolden(model, { encode, decode }) {
  const { image, latent, reconstruction, tolerance } = model.golden;
  const worst = Math.max(
    largestDifference(await encode(floats(image)), floats(latent)),
    largestDifference(await decode(floats(latent)), floats(reconstruction)),
  );
  const allowed = tolerance.wasm ?? tolerance.default;
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
