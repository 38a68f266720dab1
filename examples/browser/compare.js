/** Two pictures of one size on top of each other, with a divider between them; both are moved and zoomed together. */

const MOST = 32; // device pixels for a pixel of the picture
const STEP = 1.5;

/**
 * @param {HTMLElement} viewer holds `.sheet` elements, and the divider
 * @param {HTMLElement} divider
 * @param {HTMLElement} zoom says how large a pixel of the picture is in pixels of the screen
 */
export function comparison(viewer, divider, zoom) {
  let [width, height, scale, x, y] = [1, 1, 1, 0, 0]; // CSS pixels: `scale` of one of the picture, x and y of its corner
  let fitted = true;
  const pointers = new Map();

  const fit = () => Math.min(viewer.clientWidth / width, viewer.clientHeight / height, MOST / devicePixelRatio);
  const within = (place, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, place)));

  function show() {
    if (!viewer.clientWidth) return;
    if (fitted) scale = fit();
    x = within(x, width * scale, viewer.clientWidth);
    y = within(y, height * scale, viewer.clientHeight);
    for (const sheet of viewer.querySelectorAll(".sheet")) {
      sheet.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      sheet.style.imageRendering = scale * devicePixelRatio >= 2 ? "pixelated" : "auto";
    }
    zoom.textContent = `${Math.round(100 * scale * devicePixelRatio)} %`;
  }

  /** Around a point of the viewer, which stays where it is. */
  function zoomBy(factor, [across, down] = [viewer.clientWidth / 2, viewer.clientHeight / 2]) {
    const least = Math.min(fit(), 1 / devicePixelRatio);
    const next = Math.min(MOST / devicePixelRatio, Math.max(least, scale * factor));
    [x, y] = [across - ((across - x) * next) / scale, down - ((down - y) * next) / scale];
    [scale, fitted] = [next, false];
    show();
  }

  function split(share) {
    const part = Math.min(1, Math.max(0, share));
    viewer.style.setProperty("--split", `${100 * part}%`);
    divider.setAttribute("aria-valuenow", Math.round(100 * part));
    return part;
  }

  const at = (event) => {
    const box = viewer.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const middle = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  const apart = ([one, other]) => (other ? Math.hypot(one[0] - other[0], one[1] - other[1]) || 1 : 1);

  viewer.onpointerdown = (event) => {
    if (event.button || pointers.size > 1) return;
    viewer.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
  };
  viewer.onpointermove = (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = [...pointers.values()];
    pointers.set(event.pointerId, at(event));
    const after = [...pointers.values()];
    const [from, to] = [middle(before), middle(after)];
    [x, y] = [x + to[0] - from[0], y + to[1] - from[1]];
    if (after.length > 1) zoomBy(apart(after) / apart(before), to);
    else show();
  };
  viewer.onpointerup = viewer.onpointercancel = (event) => pointers.delete(event.pointerId);
  viewer.onwheel = (event) => {
    event.preventDefault();
    zoomBy(2 ** (-event.deltaY / (event.ctrlKey ? 100 : 400)), at(event));
  };
  viewer.ondblclick = (event) => (fitted ? zoomBy(1 / devicePixelRatio / scale, at(event)) : api.fit());
  viewer.onkeydown = (event) => {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (event.key === "+" || event.key === "=") zoomBy(STEP);
    else if (event.key === "-") zoomBy(1 / STEP);
    else if (event.key === "0") api.fit();
    else if (moves) [x, y] = [x + moves[0], y + moves[1]];
    else return;
    event.preventDefault();
    show();
  };

  let part = split(0.5);
  divider.onpointerdown = (event) => {
    event.stopPropagation();
    divider.setPointerCapture(event.pointerId);
  };
  divider.onpointermove = (event) => {
    if (divider.hasPointerCapture(event.pointerId)) part = split(at(event)[0] / viewer.clientWidth);
  };
  divider.onkeydown = (event) => {
    const to = { ArrowLeft: part - 0.02, ArrowRight: part + 0.02, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    part = split(to);
  };

  const observer = new ResizeObserver(show);
  observer.observe(viewer);
  const api = {
    /** Pictures of this size are there now. */
    open(size) {
      [width, height] = size;
      for (const sheet of viewer.querySelectorAll(".sheet")) Object.assign(sheet.style, { width: `${width}px`, height: `${height}px` });
      api.fit();
    },
    fit: () => ((fitted = true), show()),
    closer: () => zoomBy(STEP),
    farther: () => zoomBy(1 / STEP),
    leave: () => observer.disconnect(),
  };
  return api;
}
