/**
 * Decoding on the server: a function of many flat latents in one Float32Array. It returns
 * {images: Uint8Array, (batch, height, width, channels) in row-major order; far: boolean[], whether each latent is far from the codes, or null if unknown}.
 */
function serverDecoder(ask) {
  return async (latents) => {
    const { images, far } = await ask("decode", { latents: textOf(latents) });
    return { images: bytesOf(images), far };
  };
}
