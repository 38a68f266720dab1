/** The code itself: a fader for each dimension, or bars where there are too many for that. */

import { nameOf } from "./latent.js";

export const MOST = 24; // faders

/**
 * @param {HTMLElement} place is emptied
 * @param {{ranges: {low: number, high: number}[], latent: Float32Array}} state shared, read when shown
 * @param {(index: number, value: number) => void} moved
 * @returns {() => void} shows the latent as it is now
 */
export function faders(place, state, shape, moved) {
  place.replaceChildren();
  place.classList.toggle("bars", state.latent.length > MOST);
  return state.latent.length > MOST ? bars(place, state) : sliders(place, state, shape, moved);
}

function sliders(place, state, shape, moved) {
  const rows = state.ranges.map(({ low, high }, i) => {
    const label = document.createElement("label");
    const [slider, name, value] = ["input", "span", "output"].map((tag) => document.createElement(tag));
    Object.assign(slider, { type: "range", min: low, max: high, step: (high - low) / 200 });
    slider.oninput = () => moved(i, slider.valueAsNumber);
    slider.setAttribute("aria-label", nameOf(i, shape));
    name.textContent = nameOf(i, shape);
    label.append(value, slider, name);
    place.append(label);
    return { label, slider, value };
  });
  return () =>
    rows.forEach(({ label, slider, value }, i) => {
      label.classList.toggle("axis-fader", state.axes.includes(i));
      slider.value = state.latent[i];
      value.textContent = short(state.latent[i]);
    });
}

const short = (value) => value.toFixed(1).replace("-0.0", "0.0").replace("-", "−");

function bars(place, state) {
  const canvas = document.createElement("canvas");
  place.append(canvas);
  const context = canvas.getContext("2d");
  return () => {
    const style = getComputedStyle(canvas);
    const count = state.latent.length;
    canvas.width = Math.max(count, Math.round(place.clientWidth * devicePixelRatio));
    canvas.height = Math.round(96 * devicePixelRatio);
    context.clearRect(0, 0, canvas.width, canvas.height);
    state.latent.forEach((value, i) => {
      const { low, high } = state.ranges[i];
      const part = Math.min(1, Math.max(-1, (2 * value - low - high) / (high - low)));
      context.fillStyle = style.getPropertyValue(state.axes.includes(i) ? "--accent" : "--ink");
      const step = canvas.width / count;
      const top = ((1 - Math.max(0, part)) / 2) * canvas.height;
      context.fillRect(i * step, top, Math.max(1, 0.7 * step), Math.max(1, (Math.abs(part) / 2) * canvas.height));
    });
  };
}
