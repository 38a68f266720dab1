/** A model's decoder in this browser, and the largest difference from the server's images of a few latents. */
async function decoderHere(ask, { web, size, shape, image }) {
  const [{ ort, alone }, sent] = await Promise.all([onnxruntime(web), ask("graph")]);
  const session = await alone(() => ort.InferenceSession.create(bytesOf(sent.graph), { executionProviders: ["wasm"] }));
  const run = async (latents) => {
    const tensor = new ort.Tensor("float32", latents, [latents.length / size, ...shape]);
    return (await session.run({ latent: tensor }, ["image"])).image.data;
  };
  const difference = farthest(await alone(() => run(floatsOf(sent.latents))), floatsOf(sent.images));
  return {
    difference,
    allowed: sent.allowed,
    /** One latent to one image: bytes, row by row with the channels last. */
    decode: (latent) => alone(async () => bytesOfImage(await run(latent), image)),
    leave: () => alone(() => session.release()),
  };
}

function farthest(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
}

/** As the server rounds: to the nearest, halves to the even one. */
function bytesOfImage(floats, [channels, height, width]) {
  const bytes = new Uint8ClampedArray(floats.length);
  const area = height * width;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) bytes[channels * i + c] = Math.fround(255 * floats[c * area + i]);
  }
  return bytes;
}
