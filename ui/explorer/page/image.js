/** Paint the decoded image number `index` at (x, y), one canvas pixel for each pixel. */
function paintImage(context, images, [channels, height, width], index = 0, x = 0, y = 0, alpha = 255) {
  const pixels = new ImageData(width, height);
  const first = index * channels * height * width;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = images[first + channels * i + (channels < 3 ? 0 : c)];
    pixels.data[4 * i + 3] = alpha;
  }
  context.putImageData(pixels, x, y);
}

/** Enlarge the picture as far as it fits while each of its pixels is a square of whole device pixels. */
function fitPixels(frame, [, height, width]) {
  const canvas = frame.querySelector("canvas");
  [canvas.width, canvas.height] = [width, height];
  new ResizeObserver(() => fit(frame.clientWidth)).observe(frame);
  const fit = (room) => {
    const device = window.devicePixelRatio || 1;
    const times = Math.max(1, Math.floor((room * device) / Math.max(width, height)));
    canvas.style.width = `${(times * width) / device}px`;
    canvas.style.height = `${(times * height) / device}px`;
  };
}
