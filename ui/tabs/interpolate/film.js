/** Plays a path there and back; a click on the strip or the slider shows any of its pictures. */
const root = element.querySelector(".film");
const part = (name) => root.querySelector(`.${name}`);
const [stage, scrub, play, reel] = ["stage", "scrub", "play", "reel"].map(part);
const LETTERS = "ABCDEF";
const MARKS = ["unlike", "far"]; // classes; see diabolo.ui.parts.marks

let film = null; // the value that is played
let strip = null; // its pictures side by side
let at = 0;
let moving = !matchMedia("(prefers-reduced-motion: reduce)").matches; // whether it should play
let begun = null; // the time at which picture 0 was, or would have been, shown
let turn = 0;

const say = (key, values = {}) => (props.value?.words?.[key] ?? "").replace(/{(\w+)}/g, (_, name) => values[name]);
const letterOf = (index) => (index % (film.steps - 1) ? "" : LETTERS[index / (film.steps - 1)]);

function paint(canvas, index) {
  const wide = strip.naturalWidth / film.count;
  [canvas.width, canvas.height] = [wide, strip.naturalHeight];
  canvas.getContext("2d").drawImage(strip, index * wide, 0, wide, strip.naturalHeight, 0, 0, wide, strip.naturalHeight);
}

function show(index) {
  reel.children[at]?.classList.remove("now");
  at = index;
  reel.children[at].classList.add("now");
  paint(stage, at);
  scrub.value = at;
  const leg = Math.min(Math.floor(at / (film.steps - 1)), LETTERS.length - 1);
  const place = letterOf(at) ? say("at", { letter: letterOf(at) }) : say("between", { a: LETTERS[leg], b: LETTERS[leg + 1] });
  const where = say("where", { number: at + 1, count: film.count, place });
  part("where").textContent = where;
  stage.setAttribute("aria-label", where);
  scrub.setAttribute("aria-valuetext", where);
  for (const mark of MARKS) {
    part(`told-${mark}`).textContent = film.marks[at].includes(mark) ? say(mark) : "";
    root.classList.toggle(mark, film.marks[at].includes(mark));
  }
}

function tick(now) {
  if (!element.isConnected || !film || !moving) return void (begun = null);
  begun ??= now - at * film.pace;
  const there = film.count - 1;
  const passed = Math.max(0, now - begun); // the time of a frame may be before the one that `open` measured
  const step = Math.floor(passed / film.pace) % (2 * there);
  const index = step > there ? 2 * there - step : step;
  if (index !== at && stage.offsetParent) show(index);
  requestAnimationFrame(tick);
}

function setMoving(wish) {
  const still = begun === null;
  moving = wish;
  play.textContent = say(moving ? "pause" : "play");
  play.classList.toggle("moving", moving);
  if (moving && still) requestAnimationFrame(tick);
}

function goTo(index) {
  setMoving(false);
  show(index);
  const frame = reel.children[at];
  reel.scrollTo({ left: frame.offsetLeft - (reel.clientWidth - frame.clientWidth) / 2, behavior: "smooth" });
}

function frame(index) {
  const made = Object.assign(document.createElement("figure"), { className: film.marks[index].join(" ") });
  if (film.marks[index].length) made.title = film.marks[index].map((mark) => say(`${mark}_short`)).join(", ");
  const canvas = document.createElement("canvas");
  paint(canvas, index);
  made.append(canvas, Object.assign(document.createElement("b"), { textContent: letterOf(index) }));
  made.onclick = () => goTo(index);
  return made;
}

async function open() {
  const mine = ++turn;
  const value = props.value;
  if (value?.greeting && film) return; // the greeting came late: keep what is shown
  const image = Object.assign(new Image(), { src: value?.strip ?? "" });
  if (value?.strip) await image.decode();
  if (mine !== turn) return; // another value came meanwhile
  film = value?.strip ? value : null;
  root.hidden = !film;
  element.querySelector(".nothing").textContent = film ? "" : say("nothing");
  if (!film) return;
  strip = image;
  at = Math.min(at, film.count - 1);
  begun = begun === null ? null : performance.now() - at * film.pace;
  scrub.max = film.count - 1;
  scrub.setAttribute("aria-label", say("scrub"));
  reel.replaceChildren(...Array.from({ length: film.count }, (_, index) => frame(index)));
  part("legend").innerHTML = film.legend; // written by the server
  part("save").textContent = say("save");
  part("copy").textContent = say("copy");
  part("told").textContent = "";
  root.querySelectorAll("[data-kind]").forEach((button) => (button.title = say(button.dataset.kind)));
  show(at);
  setMoving(moving);
}

function save(blob, ending) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${film.file}-path.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function take(button) {
  const { kind } = button.dataset;
  if (kind === "json") return save(new Blob([film.path], { type: "application/json" }), kind);
  part("told").textContent = say("busy");
  button.disabled = true;
  const answer = await server.film_file({ model: film.model, path: film.path, kind }).catch(() => undefined);
  const got = answer ?? { problem: say("trouble") }; // gradio makes undefined of an error status
  button.disabled = false;
  part("told").textContent = got.problem ?? "";
  if (got.data) save(new Blob([Uint8Array.from(atob(got.data), (c) => c.charCodeAt(0))], { type: `image/${kind}` }), kind);
}

async function copy() {
  const done = await navigator.clipboard?.writeText(film.path).then(() => true, () => false);
  part("told").textContent = done || copyByHand() ? say("copied") : say("trouble");
}

function copyByHand() {
  const area = Object.assign(document.createElement("textarea"), { value: film.path }); // the clipboard API needs https
  root.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

play.onclick = () => setMoving(!moving);
scrub.oninput = () => goTo(Number(scrub.value));
part("copy").onclick = copy;
root.querySelectorAll("[data-kind]").forEach((button) => (button.onclick = () => take(button)));
watch("value", open);
open();
