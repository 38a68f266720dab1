/** Two pictures of one size on top of each other, with a divider; Gradio runs this with `element`, `props`, `watch`,
 *  after a line that says what `words` are: gradio may lose props of a component that is not on the page yet.
 *  x and y are where the picture's corner is in the stage, in CSS pixels; k is CSS pixels per pixel of the picture. */
const part = (name) => element.querySelector(name);
const box = part(".photo");
const stage = part(".stage");
const edge = part(".edge");
const [before, after, error] = element.querySelectorAll(".layer");
const sides = part(".sides");
const MOST = 40; // screen pixels per pixel of the picture
const held = new Map(); // pointers on the stage: their places
let size = [0, 0];
let [x, y, k] = [0, 0, 1];
let at = 0.5; // where the divider is, of the stage's width
let grip = ""; // what one pointer does: 'edge' or 'pan'
let rest = at; // where the divider was when that pointer came
let strength = 1; // the share of the second picture
let side = "after"; // what is on the right, as far as there is a picture of it: the result or its 'error'
let fetched = props.value?.asked; // when the last download was asked for

function say(key) {
  const wanted = navigator.languages.map((name) => (name.startsWith("zh") ? "zh-TW" : name.split("-")[0]));
  return (words[wanted.find((name) => name in words)] ?? Object.values(words)[0])[key];
}

const fitted = () => Math.min(stage.clientWidth / size[0], stage.clientHeight / size[1]);
const near = () => k > fitted() * 1.001;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Keep the picture in the stage: centred where it is smaller, and without a gap where it is larger. */
function settle(place, length, room) {
  return length <= room ? (room - length) / 2 : clamp(place, room - length, 0);
}

function draw() {
  if (!size[0] || !stage.clientWidth) return;
  k = clamp(k, fitted(), Math.max(MOST / devicePixelRatio, fitted()));
  x = settle(x, size[0] * k, stage.clientWidth);
  y = settle(y, size[1] * k, stage.clientHeight);
  for (const layer of [before, after, error]) {
    const style = layer.firstElementChild.style;
    [style.width, style.height] = [`${size[0]}px`, `${size[1]}px`];
    style.transform = `translate(${x}px, ${y}px) scale(${k})`;
  }
  const single = box.classList.contains("single");
  const erring = box.classList.contains("erring");
  const share = `${100 * at}%`;
  // a weaker result lets the picture below shine through; at full strength transparent parts must not
  before.style.clipPath = single || (strength < 1 && !erring) ? "" : `inset(0 ${100 - 100 * at}% 0 0)`;
  after.style.clipPath = error.style.clipPath = `inset(0 0 0 ${share})`;
  after.style.opacity = strength;
  edge.style.left = share;
  edge.setAttribute("aria-valuenow", Math.round(100 * at));
  stage.classList.toggle("crisp", k * devicePixelRatio > 1.001);
  stage.classList.toggle("near", near());
  part("output").value = `${Math.round(100 * k * devicePixelRatio)} %`;
}

function reset() {
  [k, at] = [0, 0.5];
  draw();
}

/** Zoom to k, with the picture's point at (left, top) of the stage staying there. */
function zoom(to, left = stage.clientWidth / 2, top = stage.clientHeight / 2) {
  const next = clamp(to, fitted(), Math.max(MOST / devicePixelRatio, fitted()));
  [x, y] = [left - ((left - x) / k) * next, top - ((top - y) / k) * next];
  k = next;
  draw();
}

function place(event) {
  const frame = stage.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}

function divide(share) {
  at = clamp(share, 0, 1);
  draw();
}

function press(event) {
  if (event.button || !size[0]) return;
  stage.setPointerCapture(event.pointerId);
  held.set(event.pointerId, place(event));
  if (held.size > 1) return unhand(); // a second finger: they zoom
  rest = at;
  grip = event.target === edge || !near() ? "edge" : "pan";
  if (box.classList.contains("single") && grip === "edge") grip = "";
  stage.classList.toggle("held", grip === "pan");
  if (grip === "edge" && event.target !== edge) divide(place(event)[0] / stage.clientWidth);
}

function move(event) {
  if (!held.has(event.pointerId)) return;
  const [was, now] = [held.get(event.pointerId), place(event)];
  held.set(event.pointerId, now);
  if (held.size > 1) return pinch(event.pointerId, was, now);
  if (grip === "edge") divide(now[0] / stage.clientWidth);
  if (grip === "pan") {
    [x, y] = [x + now[0] - was[0], y + now[1] - was[1]];
    draw();
  }
}

function pinch(id, was, now) {
  const other = [...held].find(([name]) => name !== id)[1];
  const apart = ([left, top]) => Math.hypot(left - other[0], top - other[1]) || 1;
  const middle = [0, 1].map((side) => (now[side] + other[side]) / 2);
  [x, y] = [x + (now[0] - was[0]) / 2, y + (now[1] - was[1]) / 2];
  zoom((k * apart(now)) / apart(was), ...middle);
}

/** Put the divider back: what moved it was the first finger of two, or one that scrolls the page. */
function unhand() {
  if (grip === "edge") divide(rest);
  grip = "";
  stage.classList.remove("held");
}

function release(event) {
  held.delete(event.pointerId);
  if (event.type === "pointercancel") unhand();
  grip = held.size && near() ? "pan" : ""; // the finger that stays moves the picture on
  stage.classList.toggle("held", grip === "pan");
}

function turn(event) {
  if (!size[0] || (event.deltaY > 0 && !near())) return; // the page scrolls on
  event.preventDefault();
  const lines = event.deltaMode ? 16 : 1;
  zoom(k * Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), ...place(event));
}

function key(event) {
  const step = event.shiftKey ? 0.1 : 0.02;
  const pan = ([across, down]) => {
    [x, y] = [x - across * 60, y - down * 60];
    draw();
  };
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const divided = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: 1 };
  const zoomed = { "+": () => zoom(k * 1.5), "=": () => zoom(k * 1.5), "-": () => zoom(k / 1.5), 0: reset };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === edge && event.key in divided) divide(divided[event.key]);
  else if (event.key in zoomed) zoomed[event.key]();
  else if (event.key in ways && near()) pan(ways[event.key]);
  else return;
  event.preventDefault();
}

const DEEDS = {
  in: () => zoom(k * 1.5),
  out: () => zoom(k / 1.5),
  one: () => zoom(1 / devicePixelRatio),
  fit: reset,
};

function name() {
  stage.setAttribute("aria-label", say("stage"));
  edge.setAttribute("aria-label", say("edge"));
  for (const [deed, label] of Object.entries({ in: "closer", out: "farther", one: "pixels", fit: "fit" })) {
    part(`[data-do=${deed}]`).setAttribute("aria-label", say(label));
    part(`[data-do=${deed}]`).title = say(label);
  }
  part("[data-do=fit]").textContent = say("fit");
  part(".left").textContent = say("before");
  part(".right").textContent = say("after");
  sides.setAttribute("aria-label", say("sides"));
  for (const button of sides.children) button.textContent = say(button.dataset.side) ?? "";
  for (const key of ["darker", "brighter"]) part(`.error-legend .${key}`).textContent = say(key) ?? "";
  part(".error-legend small").textContent = say("scale") ?? "";
}

function look() {
  const now = props.value;
  box.classList.toggle("empty", !now);
  if (!now) return;
  box.classList.toggle("single", !now.after);
  strength = Number(now.strength ?? strength);
  show(before, now.before);
  before.firstElementChild.alt = say("before");
  show(after, now.after);
  after.firstElementChild.alt = now.after ? say("after") : "";
  choose(side);
  part(".size").textContent = `${now.width} × ${now.height}`;
  if (String([now.width, now.height]) !== String(size)) {
    size = [now.width, now.height];
    k = 0; // the whole picture
  }
  frame();
  if (now.download && now.asked !== fetched) download(now);
}

/** Show the result or its error on the right; the error's file is fetched when it is shown first. */
function choose(wanted) {
  const { after: result, error: file } = props.value;
  const erring = wanted === "error" && Boolean(file);
  side = wanted;
  show(error, erring ? file : null);
  error.firstElementChild.alt = erring ? say("error") : "";
  box.classList.toggle("erring", erring);
  part(".error-legend").hidden = !erring;
  sides.hidden = !file;
  part(".right").hidden = !result || Boolean(file);
  for (const button of sides.children) {
    button.setAttribute("aria-pressed", (button.dataset.side === "error") === erring);
  }
}

function show(layer, file) {
  const image = layer.firstElementChild;
  image.hidden = !file;
  if (file && image.getAttribute("src") !== file.url) image.src = file.url;
}

function download({ download: { url, orig_name }, asked }) {
  fetched = asked;
  const link = Object.assign(document.createElement("a"), { href: url, download: orig_name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** The stage gets the picture's proportions, as far as there is room. */
function frame() {
  if (!size[0] || !stage.clientWidth) return;
  const whole = !near();
  stage.style.height = `${Math.round(clamp((stage.clientWidth * size[1]) / size[0], 160, 720))}px`;
  if (whole) k = 0;
  draw();
}

stage.addEventListener("pointerdown", press);
stage.addEventListener("pointermove", move);
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, release);
stage.addEventListener("wheel", turn, { passive: false });
stage.addEventListener("dblclick", reset);
stage.addEventListener("keydown", key);
part("footer").addEventListener("click", ({ target }) => DEEDS[target.dataset?.do]?.());
sides.addEventListener("click", ({ target }) => {
  if (!target.dataset.side) return;
  choose(target.dataset.side);
  draw();
});
new ResizeObserver(frame).observe(stage.parentElement);

watch("value", look);
name();
look();
