/** A sheet to draw on with a mouse, a pen or a finger. Gradio runs this with `element`, `props` and `watch`. */
const root = element.querySelector(".sheet");
const canvas = root.querySelector("canvas");
const context = canvas.getContext("2d");
const part = (name) => root.querySelector(`.${name}`);
const FINE = 2; // pixels of the canvas for one of the sheet
const PAUSE = 150; // ms between two reports of a stroke that is being drawn
const BRUSHES = [7, 13, 22]; // of the sheet's pixels; the middle one is about as thick as a pen stroke in MNIST

let laid = null; // the sheet that lies here
let reports = 0; // each value that is set here has a number; what the server lays has none
let strokes = [];
let ink = "";
let brush = BRUSHES[1];
let told = 0;

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

function report(carried = false) {
  told = performance.now();
  const drawing = strokes.length ? canvas.toDataURL("image/png") : "";
  props.value = { ...props.value, drawing, carried, report: ++reports };
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

/** What was drawn on one sheet, for another: as large as fits, in the middle, in an ink that shows on it. */
function carry(before, sheet) {
  const scale = Math.min(sheet.width / before.width, sheet.height / before.height);
  const [left, top] = [(sheet.width - scale * before.width) / 2, (sheet.height - scale * before.height) / 2];
  for (const stroke of strokes) {
    stroke.points = stroke.points.map(([x, y]) => [scale * x + FINE * left, scale * y + FINE * top]);
    stroke.brush *= scale;
    if (stroke.ink === before.inks[0] || !sheet.inks.includes(stroke.ink)) stroke.ink = sheet.inks[0];
  }
}

function open() {
  const sheet = props.value;
  if (laid && sheet.report) return; // told, maybe late, of what was done here
  const changed = laid && ["width", "height", "paper"].some((key) => laid[key] !== sheet[key]);
  if (changed) carry(laid, sheet);
  laid = sheet;
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
  if (changed && strokes.length) report(true);
}

watch("value", open);
open();
