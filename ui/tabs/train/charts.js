/** Draws curves and the latent map; pure functions, given to `desk.js` in one scope. */
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#ff9da7", "#8a8f98"];

const colourOf = (index) => (index < COLOURS.length ? COLOURS[index] : `hsl(${(index * 137.5) % 360} 55% 52%)`);

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** About `most` round numbers from low to high. */
function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * ten).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/** Lines over epochs as SVG, with room up to the epoch `most`; `lines` is a list of { name, values }, with null for a
 *  value that is not finite. */
function curves(epochs, lines, most) {
  const [width, height, left, bottom, top, right] = [460, 230, 52, 26, 10, 12];
  const all = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const [first, last] = [epochs[0], Math.max(most, epochs[epochs.length - 1])];
  let [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  [low, high] = [low - margin, high + margin];
  const x = (epoch) => left + (last > first ? (epoch - first) / (last - first) : 0.5) * (width - left - right);
  const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - bottom - top);
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  for (const value of ticks(low, high, 5)) {
    picture.append(drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    picture.append(drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  }
  for (const epoch of ticks(first, last, 8).filter(Number.isInteger)) {
    picture.append(drawn("text", { x: x(epoch), y: height - 8, "text-anchor": "middle" }, String(epoch)));
  }
  lines.forEach(({ name, values }, index) => {
    const points = epochs.flatMap((epoch, i) => (values[i] === null ? [] : [[x(epoch), y(values[i])]]));
    const path = points.map(([across, down]) => `${across.toFixed(1)},${down.toFixed(1)}`).join(" ");
    picture.append(drawn("polyline", { class: `line line-${index}`, points: path }, drawn("title", {}, name)));
    const dots = points.length <= 40 ? points : points.slice(-1);
    for (const [cx, cy] of dots) picture.append(drawn("circle", { class: `line-${index}`, cx, cy, r: 2.6 }));
  });
  return picture;
}

/** Where points `[[x, y], ...]` are in a square from -1 to 1; both axes have one scale. */
function placed(points) {
  const spans = [0, 1].map((axis) => {
    const values = points.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const half = Math.max(...spans.map(([low, high]) => high - low)) / 2 || 1;
  const [across, down] = spans.map(([low, high]) => (low + high) / 2);
  return points.map(([x, y]) => [(x - across) / half, (y - down) / half]);
}

/** Draw points that `placed` returned on a canvas, each in the colour of its class. */
function scatter(canvas, points, labels) {
  const side = canvas.clientWidth || 300;
  const ratio = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [side * ratio, side * ratio];
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const half = side / 2 - 8;
  pen.globalAlpha = 0.75;
  points.forEach(([px, py], i) => {
    pen.fillStyle = colourOf(labels ? labels[i] : 0);
    pen.beginPath();
    pen.arc(side / 2 + px * half, side / 2 - py * half, side > 320 ? 2.2 : 1.8, 0, 7);
    pen.fill();
  });
}

/** Move the points from where they were to where they are; `now` is called with those of each moment. */
function moved(from, to, now) {
  if (from?.length !== to.length || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    requestAnimationFrame(() => now(to)); // the canvas has its size then
    return;
  }
  const began = performance.now();
  const step = (time) => {
    const done = Math.min(1, Math.max(0, (time - began) / 600));
    const share = done * done * (3 - 2 * done);
    now(to.map((point, i) => point.map((value, axis) => from[i][axis] + share * (value - from[i][axis]))));
    if (done < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
