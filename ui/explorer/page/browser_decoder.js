/** Load a model's decoder into this browser and compare its images of a few latents with the server's. */
async function browserDecoder(ask, { web, size, shape, image }) {
  const [{ ort, alone }, sent] = await Promise.all([onnxruntime(web), ask("graph")]);
  const session = await alone(() => ort.InferenceSession.create(bytesOf(sent.graph), { executionProviders: ["wasm"] }));
  const run = async (latents) => {
    const tensor = new ort.Tensor("float32", latents, [latents.length / size, ...shape]);
    return (await session.run({ latent: tensor }, ["image"])).image.data;
  };
  const difference = largestDifference(await alone(() => run(floatsOf(sent.latents))), floatsOf(sent.images));
  return {
    /** The largest absolute difference of a pixel from the server's images, in [0, 1]. */
    difference,
    allowed: sent.allowed,
    /** One latent to one image: bytes, (height, width, channels) in row-major order. */
    decode: (latent) => alone(async () => bytesOfImage(await run(latent), image)),
    leave: () => alone(() => session.release()),
  };
}

function largestDifference(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
}

/** Round as the server does: to the nearest integer, halves to even. */
function bytesOfImage(floats, [channels, height, width]) {
  const bytes = new Uint8ClampedArray(floats.length);
  const area = height * width;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) bytes[channels * i + c] = Math.fround(255 * floats[c * area + i]);
  }
  return bytes;
}
