/** Photographs at their own size: choose one, watch the result appear, compare, save. */

import { comparison } from "./compare.js";
import { Problem } from "./problem.js";
import { t } from "./strings.js";

const $ = (id) => document.getElementById(id);
const QUALITY = 0.95; // of a JPEG
const ENDINGS = { "image/jpeg": "jpg", "image/png": "png" };

/**
 * @param {{model: object}} bundle of a model of any size
 * @param {import("./thread.js").Thread} thread
 * @returns {{translate: () => void, openPicture: (file: Blob) => Promise<void>, leave: () => void}}
 */
export function photographs({ model }, thread) {
  const view = comparison($("viewer"), $("divider"), $("zoom"));
  let photo = null; // the file
  let size = null; // [width, height]
  let running = 0; // when it started, in milliseconds
  let message = () => "";

  /** `text` is asked again when the language changes. */
  function say(text) {
    message = text;
    $("photo-message").textContent = message();
  }

  function busy(on) {
    $("cancel").hidden = $("bar").hidden = !on;
    $("again").hidden = true;
    $("save").hidden = true;
  }

  async function openPicture(file) {
    URL.revokeObjectURL($("before").src);
    [photo, size, running] = [file, null, performance.now()];
    const mine = running;
    $("viewer").dataset.state = "empty";
    $("bar").removeAttribute("value");
    busy(true);
    say(() => t("reading", { name: file.name ?? "" }));
    try {
      await thread.compute(file, (answer) => (answer.total ? place(answer) : begin(answer)));
      if (mine === running) end();
    } catch (error) {
      if (mine !== running) return;
      busy(false);
      thread.cancel();
      say(() => (error instanceof Problem ? t(error.message, error.values) : error.message));
    }
  }

  /** The photograph was read: show it, with an empty result over it. */
  function begin({ width, height, opaque }) {
    size = [width, height];
    const canvas = $("after");
    [canvas.width, canvas.height] = size;
    if (!holds(canvas)) throw new Problem("tooLarge", { width, height });
    $("before").src = URL.createObjectURL(photo);
    $("viewer").dataset.state = "open";
    $("save-jpeg").hidden = !opaque;
    view.open(size);
    progress(0, 0);
  }

  function place({ left, top, width, height, data, done, total }) {
    if (!size) return; // it was too large
    $("after").getContext("2d").putImageData(new ImageData(data, width, height), left, top);
    progress(done, total);
  }

  function progress(done, total) {
    const left = done && ((performance.now() - running) * (total - done)) / done / 1000;
    if (total) Object.assign($("bar"), { value: done, max: total });
    say(() => [about(), total > 1 && t("tilesDone", { done, total }), left > 2 && t("left", { time: duration(left) })].filter(Boolean).join(" · "));
  }

  function end() {
    const seconds = (performance.now() - running) / 1000;
    busy(false);
    $("viewer").dataset.state = "done";
    $("save").hidden = false;
    say(() => `${about()} · ${t("computed", { time: duration(seconds) })}`);
  }

  const about = () => `${size[0]} × ${size[1]}`;

  function cancel() {
    running = 0;
    thread.cancel();
    busy(false);
    $("again").hidden = false;
    say(() => t("cancelled"));
  }

  /** The result as a file, named after the photograph and the model. */
  async function save(kind) {
    const blob = await new Promise((done) => $("after").toBlob(done, kind, QUALITY));
    if (!blob) return say(() => t("unsaved"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${(photo.name ?? "photo").replace(/\.\w+$/, "")}-${model.name}.${ENDINGS[kind]}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  $("photo-file").value = "";
  $("photo-file").onchange = ({ target }) => target.files[0] && openPicture(target.files[0]);
  $("cancel").onclick = cancel;
  $("again").onclick = () => openPicture(photo);
  $("save-jpeg").onclick = () => save("image/jpeg");
  $("save-png").onclick = () => save("image/png");
  $("zoom-in").onclick = view.closer;
  $("zoom-out").onclick = view.farther;
  $("zoom-fit").onclick = view.fit;
  $("viewer").dataset.state = "empty";
  busy(false);
  say(message);
  return {
    translate: () => say(message),
    openPicture,
    leave: () => (thread.end(), view.leave()),
  };
}

/** Browsers limit the size of a canvas, and only leave a larger one empty. */
function holds(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true }); // it is only written to, shown and saved
  const [x, y] = [canvas.width - 1, canvas.height - 1];
  context?.fillRect(x, y, 1, 1);
  const held = context?.getImageData(x, y, 1, 1).data[3] === 255;
  context?.clearRect(x, y, 1, 1);
  return held;
}

const duration = (seconds) => (seconds < 90 ? t("seconds", { count: Math.max(1, Math.round(seconds)) }) : t("minutes", { count: Math.round(seconds / 60) }));
