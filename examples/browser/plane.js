/** The latent plane: a square that one drags over, codes as points and decoded pictures behind the marker. */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ranges: {low: number, high: number}[], axes: number[], latent: Float32Array, bright: boolean}} state shared, read when drawn
 * @param {(across: number, up: number) => void} moved values of the two dimensions
 */
export function latentPlane(canvas, state, moved) {
  const context = canvas.getContext("2d");
  const plane = {
    points: null, // { codes, labels, colours }
    tiles: null, // a canvas
    highlight: null, // a class
    redraw: () => requestAnimationFrame(draw),
    leave: () => observer.disconnect(),
  };
  const span = (axis) => state.ranges[state.axes[axis]];
  const share = (axis, value) => (value - span(axis).low) / (span(axis).high - span(axis).low);
  const within = (x) => Math.min(1, Math.max(0, x));
  const at = (latent, offset = 0) => [
    share(0, latent[offset + state.axes[0]]),
    state.axes[0] === state.axes[1] ? 0.5 : 1 - share(1, latent[offset + state.axes[1]]),
  ];

  const move = (x, y) => {
    const value = (axis, part) => span(axis).low + within(part) * (span(axis).high - span(axis).low);
    moved(value(0, x), value(1, 1 - y));
  };
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    follow(event);
  };
  canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && follow(event);
  canvas.onkeydown = (event) => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const [x, y] = at(state.latent);
    move(within(x) + dx, within(y) + dy);
  };
  const observer = new ResizeObserver(() => {
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (size && canvas.width !== size) canvas.width = canvas.height = size;
    draw();
  });
  observer.observe(canvas);

  function draw() {
    const size = canvas.width;
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, size, size);
    if (plane.tiles) {
      context.fillStyle = state.bright ? "#fff" : "#000";
      context.fillRect(0, 0, size, size);
      context.globalAlpha = plane.points ? 0.6 : 1; // the points stand out
      context.imageSmoothingEnabled = false;
      context.drawImage(plane.tiles, 0, 0, size, size);
      context.globalAlpha = 1;
    } else grid(size, style.getPropertyValue("--line"));
    if (plane.points) drawPoints(size);
    drawMarker(size, style);
  }

  function grid(size, colour) {
    context.strokeStyle = colour;
    context.lineWidth = devicePixelRatio;
    context.beginPath();
    for (const axis of [0, 1]) {
      const { low, high } = span(axis);
      const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].find((size) => (high - low) / size < 10) ?? high - low;
      for (let value = Math.ceil(low / step) * step; value < high; value += step) {
        const place = Math.round((axis ? 1 - share(axis, value) : share(axis, value)) * size) + 0.5;
        context.moveTo(...(axis ? [0, place] : [place, 0]));
        context.lineTo(...(axis ? [size, place] : [place, size]));
      }
    }
    context.stroke();
  }

  function drawPoints(size) {
    const { codes, colours } = plane.points;
    const width = state.latent.length;
    const radius = Math.max(1.5, size / 260);
    colours.forEach((colour, row) => {
      const [x, y] = at(codes, row * width);
      const lit = plane.highlight === null || plane.points.labels?.[row] === plane.highlight;
      context.globalAlpha = lit ? 0.8 : 0.08;
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x * size, y * size, lit && plane.highlight !== null ? 1.5 * radius : radius, 0, 7);
      context.fill();
    });
    context.globalAlpha = 1;
  }

  function drawMarker(size, style) {
    const [x, y] = at(state.latent).map((part) => within(part) * size);
    const unit = devicePixelRatio;
    for (const [radius, colour] of [[11, style.getPropertyValue("--panel")], [9, style.getPropertyValue("--accent")], [3.5, "#fff"]]) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, radius * unit, 0, 7);
      context.fill();
    }
  }

  return plane;
}
