/**
 * Ways to decode. Each is a function of many flat latents in one Float32Array, and answers
 * {images: Uint8Array, row by row with the channels last; ranks: number[] or null}.
 */
function decodeOnServer(ask) {
  return async (latents) => {
    const { images, ranks } = await ask("decode", { latents: textOf(latents) });
    return { images: bytesOf(images), ranks };
  };
}
