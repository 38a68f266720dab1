/** The drawing pad: a canvas of the model's own size, so that what is drawn is what the model sees. */

import { fromPixels, toPixels } from "./pixels.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{shape: number[], background: number, resize?: string, padding?: number[]}} image of model.json
 * @param {() => void} changed
 */
export function drawingPad(canvas, image, changed) {
  const [channels, height, width] = image.shape;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const bright = image.background > 0.5;
  // grey models learned ink on a plain ground, colour models photos whose border is somewhere between
  const level = channels === 1 ? (bright ? 255 : 0) : Math.round(255 * image.background);
  const ground = `rgb(${level} ${level} ${level})`;
  const ink = channels === 1 ? (bright ? "#000000" : "#ffffff") : "#e4572e";
  const pen = { ink, width: Math.max(1.5, Math.min(width, height) / 13), erase: false };
  [canvas.width, canvas.height] = [width, height];

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  let from = null;
  const stroke = (event) => {
    const points = event.getCoalescedEvents?.() ?? [];
    for (const point of points.length ? points : [event]) {
      const to = place(point);
      context.strokeStyle = pen.erase ? ground : pen.ink;
      context.lineWidth = pen.erase ? 1.6 * pen.width : pen.width;
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(to[0] + 1e-3, to[1]); // a line of no length has no cap in some browsers
      context.stroke();
      from = to;
    }
    changed();
  };
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
    stroke(event);
  };
  canvas.onpointermove = (event) => from && stroke(event);
  canvas.onpointerup = canvas.onpointercancel = () => (from = null);

  const pad = {
    pen,
    clear() {
      context.fillStyle = ground;
      context.fillRect(0, 0, width, height);
    },
    image: () => fromPixels(context.getImageData(0, 0, width, height), channels),
    show: (values) => context.putImageData(toPixels(values, image.shape), 0, 0),
    async open(file) {
      const picture = await createImageBitmap(file);
      lay(context, picture, image);
      if (isOpposed(border(context.getImageData(0, 0, width, height)), image.background)) invert(context, width, height);
      pad.show(pad.image()); // grey, if that is what the model sees
      changed();
    },
  };
  pad.clear();
  return pad;
}

/** As the training pictures were fitted: cut ('crop'), filled up ('pad') or stretched ('fit'). */
function lay(context, picture, { shape, resize = "crop", padding = [255, 255, 255] }) {
  const [, height, width] = shape;
  const [across, down] = [width / picture.width, height / picture.height];
  const scale = resize === "pad" ? Math.min(across, down) : Math.max(across, down);
  const [w, h] = resize === "fit" ? [width, height] : [picture.width * scale, picture.height * scale];
  context.fillStyle = `rgb(${padding.join(" ")})`;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}

/**
 * Whether it is dark on bright and the model learned the other, or the other way round. Between 0.4 and 0.6 the
 * model's images have no background in common, as photos have none.
 */
const isOpposed = (edge, background) => (background < 0.4 || background > 0.6) && Math.abs(edge - background) > 0.5;

/** The mean brightness of the outermost pixels, in [0, 1]. */
function border({ data, width, height }) {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x += y % (height - 1 || 1) ? width - 1 || 1 : 1) {
      const at = 4 * (y * width + x);
      sum += data[at] + data[at + 1] + data[at + 2];
      count += 3;
    }
  return sum / count / 255;
}

function invert(context, width, height) {
  const pixels = context.getImageData(0, 0, width, height);
  for (let i = 0; i < pixels.data.length; i++) if (i % 4 < 3) pixels.data[i] = 255 - pixels.data[i];
  context.putImageData(pixels, 0, 0);
}
