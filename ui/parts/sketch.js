/** A sheet to draw on with a mouse, a pen or a finger. Gradio runs this with `element`, `props` and `watch`. */
const root = element.querySelector(".sheet");
const canvas = root.querySelector("canvas");
const context = canvas.getContext("2d");
const part = (name) => root.querySelector(`.${name}`);
const FINE = 2; // pixels of the canvas for one of the sheet
const SAY_AGAIN = [500, 2000]; // ms: on a busy machine gradio may lose the last of many events
const PAUSE = 150; // ms between two reports of a stroke that is being drawn
const BRUSHES = [7, 13, 22]; // of the sheet's pixels; the middle one is about as thick as a pen stroke in MNIST

let laid = false; // whether a sheet lies here
let reports = 0; // each value that is set here has a number; what the server lays has none
let strokes = [];
let ink = "";
let brush = BRUSHES[1];
let told = 0;
let later = []; // timers

function say(key) {
  const words = props.value.words;
  const wanted = navigator.languages.map((name) => (name.startsWith("zh") ? "zh-TW" : name.split("-")[0]));
  return (words[wanted.find((name) => name in words)] ?? Object.values(words)[0])[key];
}

function paper() {
  context.fillStyle = props.value.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
}

function draw({ ink, brush, points }) {
  Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: brush * FINE, lineCap: "round", lineJoin: "round" });
  context.beginPath();
  context.moveTo(...points[0]);
  points.slice(1).forEach(([x, y], index) => {
    const [from, to] = points[index];
    context.quadraticCurveTo(from, to, (from + x) / 2, (to + y) / 2); // round the corners of what is sampled
  });
  context.lineTo(...points.at(-1));
  context.stroke();
  context.beginPath();
  context.arc(...points[0], (brush * FINE) / 2, 0, 2 * Math.PI); // a tap is a dot
  context.fill();
}

function redraw() {
  paper();
  strokes.forEach(draw);
  root.classList.toggle("blank", strokes.length === 0);
  part("undo").disabled = part("wipe").disabled = strokes.length === 0;
}

function tell() {
  props.value = { ...props.value, drawing: strokes.length ? canvas.toDataURL("image/png") : "", report: ++reports };
}

function report() {
  told = performance.now();
  tell();
  keepQuiet();
  later = SAY_AGAIN.map((time) => setTimeout(tell, time));
}

function keepQuiet() {
  later.forEach(clearTimeout);
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
}

canvas.onpointerdown = (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  strokes.push({ ink, brush, points: [place(event)] });
  redraw();
};

canvas.onpointermove = (event) => {
  if (!canvas.hasPointerCapture(event.pointerId)) return;
  const passed = event.getCoalescedEvents?.() ?? [];
  strokes.at(-1)?.points.push(...(passed.length ? passed : [event]).map(place));
  redraw();
  if (performance.now() - told > PAUSE) report();
};

canvas.onlostpointercapture = () => strokes.length && report();

function button(name, title, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: name, title, onclick: press });
  made.setAttribute("aria-label", title);
  return made;
}

function choice(name, title, chosen, choose) {
  const made = button(name, title, () => {
    choose();
    tools();
  });
  made.setAttribute("aria-pressed", String(chosen));
  return made;
}

function tools() {
  const { inks } = props.value;
  const colours = inks.map((colour, index) => {
    const made = choice("ink", `${say("ink")} ${index + 1}`, colour === ink, () => (ink = colour));
    made.style.setProperty("--ink", colour);
    return made;
  });
  const sizes = BRUSHES.map((size, index) => {
    const made = choice("brush", say(["thin", "medium", "thick"][index]), size === brush, () => (brush = size));
    made.style.setProperty("--size", `${4 + 5 * index}px`);
    return made;
  });
  part("inks").replaceChildren(...(inks.length > 1 ? colours : []));
  part("brushes").replaceChildren(...sizes);
}

function end(name, change) {
  const made = part(name);
  made.textContent = say(name);
  made.onclick = () => {
    change();
    redraw();
    report();
  };
}

function open() {
  const sheet = props.value;
  if (laid && sheet.report) return; // told, maybe late, of what was done here
  [laid, strokes] = [true, []];
  if (!sheet.inks.includes(ink)) ink = sheet.inks[0];
  [canvas.width, canvas.height] = [sheet.width * FINE, sheet.height * FINE];
  canvas.style.aspectRatio = `${sheet.width} / ${sheet.height}`;
  canvas.setAttribute("aria-label", say("here"));
  part("here").textContent = say("here");
  part("here").style.color = sheet.inks[0];
  tools();
  end("undo", () => strokes.pop());
  end("wipe", () => (strokes = []));
  redraw();
}

// whoever goes on to something else is not to be brought back to the drawing
for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, keepQuiet, { capture: true });
watch("value", open);
open();
