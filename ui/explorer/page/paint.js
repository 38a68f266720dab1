/** Painting on the map. Canvases are in device pixels, `size` of them on a side; `unit` is one CSS pixel in these. */

const ACCENTS = ["#4c84d9", "#f0862e", "#2fa36b", "#dc4b4b", "#8f6bd1", "#a9773f", "#e37ab5", "#7d8a97", "#b5a912", "#22aebb"];

/** A class's colour. */
function accentOf(label) {
  return ACCENTS[label] ?? `hsl(${Math.round(label * 137.5) % 360} 60% 55%)`;
}

/** The tint of the density, [red, green, blue, the opacity where it is highest]; the legend shows the same. */
function shadeOf(dark) {
  return dark ? [148, 163, 184, 0.5] : [71, 85, 105, 0.36];
}

/** The density of the codes as a soft tint. */
function paintDensity(context, { levels, side }, zoom, size, [red, green, blue, strength]) {
  const small = document.createElement("canvas");
  small.width = small.height = side;
  const pixels = new ImageData(side, side);
  levels.forEach((level, i) => pixels.data.set([red, green, blue, strength * level], 4 * i));
  small.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const [left, top, span] = zoom.now();
  context.drawImage(small, left * side, top * side, span * side, span * side, 0, 0, size, size);
}

/** The decoded tiles where they lie now: the map may have been zoomed since. */
function paintTiles(context, { canvas, part }, zoom, size) {
  const [left, top, span] = part;
  const [from, to] = [zoom.into(left, top), zoom.into(left + span, top + span)];
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, from[0] * size, from[1] * size, (to[0] - from[0]) * size, (to[1] - from[1]) * size);
}

/** The stored codes, class by class: the colour is then set once a class and not for each of ten thousand dots. */
function paintDots(context, plane, labels, hidden, size, unit) {
  const classes = new Map();
  for (let row = 0; row < plane.points.length / 2; row++) {
    const label = labels ? labels[row] : 0;
    if (hidden.has(label)) continue;
    if (!classes.has(label)) classes.set(label, new Path2D());
    const [left, top] = plane.share(plane.points[2 * row], plane.points[2 * row + 1]);
    if (left < 0 || left > 1 || top < 0 || top > 1) continue;
    const radius = 2 * unit;
    classes.get(label).moveTo(left * size + radius, top * size);
    classes.get(label).arc(left * size, top * size, radius, 0, 7);
  }
  context.globalAlpha = 0.85;
  for (const [label, path] of classes) {
    context.fillStyle = accentOf(label);
    context.fill(path);
  }
  context.globalAlpha = 1;
}

/** Cross hairs with a ring where they meet. */
function paintPointer(context, [x, y], size, unit, radius, colour, ink) {
  const gap = radius * unit;
  context.lineWidth = unit;
  context.strokeStyle = ink;
  context.globalAlpha = 0.35;
  context.beginPath();
  for (const [fromX, fromY, toX, toY] of [[0, y, x - gap, y], [x + gap, y, size, y], [x, 0, x, y - gap], [x, y + gap, x, size]]) {
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
  }
  context.stroke();
  context.globalAlpha = 1;
  for (const [width, stroke] of [[5, "#fff"], [2.5, colour]]) {
    context.lineWidth = width * unit;
    context.strokeStyle = stroke;
    context.beginPath();
    context.arc(x, y, radius * unit, 0, 7);
    context.stroke();
  }
}

/** The path from A to B, with a letter at either end; pale edges set them off from the dots below. */
function paintPath(context, ends, unit, ink, panel) {
  const line = (colour, width, dashes) => {
    context.strokeStyle = colour;
    context.lineWidth = width * unit;
    context.setLineDash(dashes.map((length) => length * unit));
    context.beginPath();
    context.moveTo(...ends[0]);
    context.lineTo(...ends[1]);
    context.stroke();
    context.setLineDash([]);
  };
  if (ends.length === 2) line(panel, 4, []), line(ink, 1.5, [5, 4]);
  context.font = `600 ${11 * unit}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  ends.forEach(([x, y], i) => {
    for (const [radius, colour] of [[12, panel], [10, ink]]) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, radius * unit, 0, 7);
      context.fill();
    }
    context.fillStyle = panel;
    context.fillText("AB"[i], x, y + 0.5 * unit);
  });
}
