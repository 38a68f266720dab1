/**
 * Decoding on the server: a function of many flat latents in one Float32Array. It returns
 * {images: Uint8Array, (batch, height, width, channels) in row-major order; ranks: number[], or null if unknown}.
 */
function serverDecoder(ask) {
  return async (latents) => {
    const { images, ranks } = await ask("decode", { latents: textOf(latents) });
    return { images: bytesOf(images), ranks };
  };
}
