/** One opened model: draw and encode, move through its latent, decode. */

import { wire } from "./controls.js";
import { drawingPad } from "./draw.js";
import { faders } from "./faders.js";
import { latest } from "./latest.js";
import { ranges, widest } from "./latent.js";
import { paint, paintError } from "./pixels.js";
import { latentPlane } from "./plane.js";
import { t } from "./strings.js";
import { decodeTiles } from "./tiles.js";

const $ = (id) => document.getElementById(id);

/**
 * @param {{model: object, codes?: Float32Array, labels?: ArrayLike<number>}} bundle
 * @param {{encode: import("./model.js").Run, decode: import("./model.js").Run}} pair
 * @returns {{translate: () => void, openPicture: (file: Blob) => Promise<void>, leave: () => void}}
 */
export function explore(bundle, { encode, decode }) {
  const { model, codes } = bundle;
  const { shape } = model.image;
  const state = {
    shape,
    bright: model.image.background > 0.5,
    ranges: ranges(model),
    axes: widest(model, codes), // the two dimensions of the plane
    latent: Float32Array.from(model.latent.mean), // flat, whatever its shape
  };
  let source = null; // the drawing that the latent was encoded from; null when it was moved otherwise
  let glides = 0; // only the last one goes on

  const show = latest(async () => {
    const [drawn, started] = [source, performance.now()];
    const image = await decode(state.latent.slice());
    const ms = performance.now() - started;
    paint($("picture"), image, shape);
    const mse = drawn && paintError($("error-map"), drawn, image, shape);
    $("figure").textContent = drawn ? t("ofDrawing", { mse: mse.toFixed(4) }) : t("ofPoint", { ms: ms.toFixed(1) });
    $("result").textContent = t(drawn ? "reconstruction" : "decoded");
    $("error-choice").hidden = !drawn;
    $("error-map").hidden = !drawn || !$("error").checked;
  });

  const showTiles = latest(async () => {
    plane.tiles = $("tiles").checked ? await decodeTiles({ ...state, latent: state.latent.slice() }, decode) : null;
    plane.redraw();
    await new Promise((done) => setTimeout(done, 60)); // the picture goes first
  });

  /** The one place where the latent changes. */
  function go(latent, { drawn = null, samePlane = false } = {}) {
    state.latent.set(latent);
    source = drawn;
    plane.redraw();
    showCode();
    const [a, b] = state.axes.map((axis) => state.latent[axis].toFixed(2).replace("-", "−"));
    $("position").textContent = state.axes[0] === state.axes[1] ? a : `${a}, ${b}`;
    if (!samePlane && $("tiles").checked) showTiles();
    return show();
  }

  /** Go there over some time, so that one sees what lies between. False when something else came first. */
  async function glide(target, milliseconds = 450) {
    const [mine, from, start] = [++glides, state.latent.slice(), performance.now()];
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (let part = 0; part < 1; ) {
      await new Promise(requestAnimationFrame);
      if (mine !== glides) return false;
      part = still ? 1 : Math.min(1, (performance.now() - start) / milliseconds);
      const eased = part * part * (3 - 2 * part);
      await go(from.map((value, i) => value + eased * (target[i] - value)));
    }
    return mine === glides;
  }

  /** A hand is on it: nothing moves by itself any longer. */
  function stop() {
    glides++;
    $("wander").setAttribute("aria-pressed", "false");
    $("wander").textContent = t("wander");
  }

  /** Some dimensions get new values by hand. */
  function change(values) {
    stop();
    const latent = state.latent.slice();
    for (const [index, value] of values) latent[index] = value;
    go(latent, { samePlane: values.every(([index]) => state.axes.includes(index)) });
  }

  const plane = latentPlane($("plane"), state, (across, up) =>
    change(state.axes[0] === state.axes[1] ? [[state.axes[0], across]] : [[state.axes[0], across], [state.axes[1], up]]),
  );
  const showCode = faders($("faders"), state, model.latent.shape, (index, value) => change([[index, value]]));
  const read = latest(async () => {
    const image = pad.image();
    go(await encode(image), { drawn: image });
  });
  const pad = drawingPad($("draw"), model.image, () => {
    stop();
    $("image-side").classList.add("drawn");
    read();
  });

  const again = () => go(state.latent.slice(), { drawn: source });
  const translate = wire({ bundle, state, pad, plane, glide, stop, again, show, showTiles });
  go(codes ? codes.slice(0, state.latent.length) : state.latent);
  return {
    translate: () => (translate(), show()),
    openPicture: pad.open,
    leave: () => (stop(), plane.leave()),
  };
}
