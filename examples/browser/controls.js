/** The buttons, boxes and fields around the three squares. */

import { drawLatent, nameOf } from "./latent.js";
import { t } from "./strings.js";

const $ = (id) => document.getElementById(id);

/** @returns {() => void} says what depends on the language again */
export function wire(world) {
  drawing(world);
  planeChoices(world);
  axes(world);
  jumps(world);
  classes(world);
  const { model } = world.bundle;
  const translate = () => {
    $("numbers").textContent = t("numbers", { count: world.state.latent.length, pixels: model.image.shape.reduce((a, b) => a * b) });
    $("random").title = t(model.latent.prior === "normal" ? "fromPrior" : "fromCodes");
  };
  translate();
  return translate;
}

function drawing({ bundle, pad, show }) {
  const [channels, height, width] = bundle.model.image.shape;
  const most = Math.min(height, width) / 4;
  const erase = (on) => $("erase").setAttribute("aria-pressed", (pad.pen.erase = on));
  $("image-side").classList.remove("drawn");
  $("clear").onclick = () => {
    pad.clear();
    erase(false);
    $("image-side").classList.remove("drawn");
  };
  erase(false);
  $("erase").onclick = () => erase(!pad.pen.erase);
  $("upload").onchange = ({ target }) => target.files[0] && pad.open(target.files[0]).catch(() => {});
  Object.assign($("pen"), { min: 1, max: most, step: most / 50, value: pad.pen.width });
  $("pen").oninput = ({ target }) => (pad.pen.width = target.valueAsNumber);
  $("ink").hidden = channels === 1;
  $("ink").value = pad.pen.ink;
  $("ink").oninput = ({ target }) => (pad.pen.ink = target.value);
  $("error").onchange = show;
}

function planeChoices({ bundle: { codes, labels, model }, state, plane, showTiles }) {
  const count = codes ? codes.length / state.latent.length : 0;
  const colours = Array.from({ length: count }, (_, row) => colourOf(labels?.[row] ?? 0, model.dataset.classes.length));
  const choose = () => {
    plane.points = count && $("codes").checked ? { codes, labels, colours } : null;
    plane.redraw();
  };
  $("codes-choice").hidden = !count;
  $("codes").onchange = choose;
  $("tiles").checked = !count;
  $("tiles").onchange = showTiles;
  choose();
}

function axes({ bundle, state, again }) {
  const { shape } = bundle.model.latent;
  $("axes").hidden = state.latent.length < 3;
  ["across", "up"].forEach((id, axis) => {
    const field = $(id);
    const say = () => Object.assign(field, { value: state.axes[axis], title: nameOf(state.axes[axis], shape) });
    field.max = state.latent.length - 1;
    field.onchange = () => {
      const index = Math.min(field.max, Math.max(0, Math.round(field.valueAsNumber || 0)));
      if (index !== state.axes[1 - axis]) state.axes[axis] = index;
      say();
      again();
    };
    say();
  });
}

function jumps({ bundle: { model, codes }, state, glide, stop }) {
  const button = $("wander");
  const size = state.latent.length;
  const somewhere = () => (codes ? codeOf(codes, Math.floor((Math.random() * codes.length) / size), size) : drawLatent(model));
  $("random").onclick = () => (stop(), glide(drawLatent(model, codes)));
  $("average").onclick = () => (stop(), glide(model.latent.mean));
  button.onclick = async () => {
    const start = button.getAttribute("aria-pressed") === "false";
    stop();
    if (!start) return;
    button.setAttribute("aria-pressed", "true");
    button.textContent = t("stop");
    while (await glide(somewhere(), 1600));
  };
}

/** A button for each class: its colour on the plane, and a jump to one of its codes. */
function classes({ bundle: { model, codes, labels }, state, plane, glide, stop }) {
  const names = labels && codes ? model.dataset.classes : [];
  $("classes-row").hidden = !names.length;
  const light = (which) => () => {
    plane.highlight = which;
    plane.redraw();
  };
  $("classes").replaceChildren(
    ...names.map((name, which) => {
      const button = document.createElement("button");
      const rows = Array.from(labels.keys()).filter((row) => Number(labels[row]) === which);
      button.textContent = name;
      button.disabled = !rows.length;
      button.style.setProperty("--class", colourOf(which, names.length));
      button.onclick = () => (stop(), glide(codeOf(codes, rows[Math.floor(Math.random() * rows.length)], state.latent.length)));
      button.onpointerenter = button.onfocus = light(which);
      button.onpointerleave = button.onblur = light(null);
      return button;
    }),
  );
}

const codeOf = (codes, row, size) => codes.slice(row * size, (row + 1) * size);

/** Ten colours that are told apart on light and dark, then as many hues as are needed. */
const TEN = ["#3b82d6", "#e8872b", "#3aa655", "#d8483e", "#8e63c7", "#9a6a4f", "#dd6fb4", "#8a8f98", "#b5b02f", "#2fb2bf"];
const colourOf = (which, count) => (count <= 10 ? TEN[which % 10] : `hsl(${(360 * which) / count} 62% ${which % 2 ? 45 : 60}%)`);
