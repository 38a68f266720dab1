/** The whole map decoded, a picture in the middle of each square; pale where nothing was learned. */
async function decodeTiles(state, decode) {
  const [, height, width] = state.image;
  const most = Math.sqrt(100_000 / state.latent.length); // of numbers sent
  const side = Math.max(6, Math.min(18, Math.floor(576 / Math.max(width, height)), Math.floor(most)));
  const { images, ranks } = await decode(state.plane.grid(state.latent, side));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side * width, side * height];
  const context = canvas.getContext("2d");
  for (let i = 0; i < side * side; i++) {
    const alpha = ranks !== null && ranks[i] > state.farFrom ? 70 : 255;
    paintImage(context, images, state.image, i, (i % side) * width, Math.floor(i / side) * height, alpha);
  }
  return canvas;
}
