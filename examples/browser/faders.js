/** The code itself: a fader for each dimension; where there are too many for that, bars, or maps of a spatial latent. */

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
  if (state.latent.length <= MOST) return sliders(place, state, shape, moved);
  const canvas = document.createElement("canvas");
  place.append(canvas);
  return shape.length === 3 ? maps(canvas, state, shape) : bars(canvas, state);
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

/** Where a value lies in its dimension's range: -1 to 1. */
function part(state, i) {
  const { low, high } = state.ranges[i];
  return Math.min(1, Math.max(-1, (2 * state.latent[i] - low - high) / (high - low)));
}

function bars(canvas, state) {
  const context = canvas.getContext("2d");
  return () => {
    const style = getComputedStyle(canvas);
    const count = state.latent.length;
    canvas.width = Math.max(count, Math.round(canvas.clientWidth * devicePixelRatio));
    canvas.height = Math.round(96 * devicePixelRatio);
    const step = canvas.width / count;
    for (let i = 0; i < count; i++) {
      const height = part(state, i) * (canvas.height / 2);
      context.fillStyle = style.getPropertyValue(state.axes.includes(i) ? "--accent" : "--ink");
      context.fillRect(i * step, canvas.height / 2 - Math.max(0, height), Math.max(1, 0.7 * step), Math.max(1, Math.abs(height)));
    }
  };
}

/** One map a channel, side by side: blue is low in its range, red is high. */
function maps(canvas, state, [channels, height, width]) {
  const context = canvas.getContext("2d");
  canvas.className = "maps";
  [canvas.width, canvas.height] = [channels * (width + 1) - 1, height];
  return () => {
    for (let i = 0; i < state.latent.length; i++) {
      const value = part(state, i);
      const [channel, row] = [Math.floor(i / (height * width)), Math.floor(i / width) % height];
      context.fillStyle = `hsl(${value < 0 ? 212 : 14} 75% ${88 - 45 * Math.abs(value)}%)`;
      context.fillRect(channel * (width + 1) + (i % width), row, 1, 1);
    }
  };
}
