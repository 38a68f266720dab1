/** The tab Train. Gradio runs this with `element`, `props`, `server`, `trigger` and `upload`, after WORDS and the
 *  other scripts of the tab. The page asks for the state while it is seen, so closing it loses nothing. */
const part = (name) => element.querySelector(name);
const PAUSE = 1000; // ms between two looks at a training,
const IDLE = 5000; // and at nothing: another page may start one
const CLASSES = 20; // that are named
const UNDER_WAY = ["starting", "training", "stopping", "measuring"];
let form = null;
let state = { stage: "idle" };
let seen = {}; // the run and the epoch of the pictures that are shown
let wanted = ""; // the run whose export was asked for on this page
let listed = null; // the exported models that the chooser has
let timer;
let equalTimer;
let misses = 0;

function say(key) {
  const names = [props.language, ...navigator.languages].filter(Boolean);
  const found = names.map((name) => (name.startsWith("zh") ? "zh-TW" : name.split("-")[0])).find((name) => name in WORDS);
  return (WORDS[found] ?? Object.values(WORDS)[0])[key];
}

const fill = (key, values) => say(key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const open = () => element.isConnected && element.getClientRects().length > 0 && !document.hidden;

function show(node, text) {
  node.textContent = text;
  node.hidden = !text;
}

/** Call the server; the answer, or an error with its reason. */
async function ask(name, asked) {
  const answer = await server[name](asked);
  if (answer === undefined || answer === null) throw Error(say("no_answer"));
  if (answer.problem && !answer.stage) throw Error(answer.problem);
  return answer;
}

function time(seconds) {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return fill("seconds", { count: Math.max(1, Math.round(seconds)) });
  if (minutes < 90) return fill("minutes", { count: minutes });
  return fill("hours", { count: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** What goes on, in one line. */
function told() {
  const { stage, progress = {}, config = {}, history = {}, model, problem } = state;
  const done = history.epoch?.at(-1) ?? 0;
  const epochs = progress.epochs ?? config.epochs ?? "?";
  if (stage === "training") return fill(stage, { epoch: Math.min(Math.floor(progress.epoch) + 1, epochs), epochs });
  if (stage === "paused") return done ? fill("paused", { done }) : say("paused_early");
  if (stage === "done") return fill("done", { done });
  if (stage === "exported") return fill("exported", { name: model });
  if (stage === "died") {
    const why = problem === "signal 9" ? `${problem}, ${say("killed")}` : problem;
    return fill(state.can_resume ? "died" : "died_early", { why });
  }
  return stage === "refused" ? fill("refused", { why: problem }) : say(stage);
}

function buttons() {
  const { stage, busy, can_resume: resumable, can_finish: kept } = state;
  const button = (action, key, primary) => {
    const one = made("button", { type: "button", textContent: say(key), class: primary ? "primary" : "" });
    one.addEventListener("click", () => act(action, state.run, one));
    return one;
  };
  const found = [];
  if (UNDER_WAY.includes(stage) && !["stopping", "measuring"].includes(stage)) {
    found.push(button("pause", "pause"), button("finish", "stop"));
  }
  if (!busy && resumable && ["paused", "died", "refused"].includes(stage)) {
    found.push(button("resume", "resume", true));
    if (kept) found.push(button("finish", "finish"));
  }
  if (!busy && stage === "done") found.push(button("export", "export", true));
  const key = `${stage} ${busy} ${resumable} ${kept} ${state.run}`;
  const box = part(".train-buttons");
  if (box.dataset.key === key) return; // so that a button keeps the focus
  box.dataset.key = key;
  box.replaceChildren(...found);
}

function trouble() {
  if (state.stage === "done" && state.problem) return fill("failed_export", { why: state.problem });
  return state.stage === "paused" && state.problem === "epochs" ? say("not_learned") : "";
}

function watched() {
  const { stage, progress = {}, busy } = state;
  part(".train-what").textContent = told();
  part(".train-watch").dataset.stage = stage;
  const going = stage === "training" && progress.epochs;
  part(".train-left").textContent = going && progress.left ? fill("left", { time: time(progress.left) }) : "";
  const bar = part("progress");
  bar.hidden = !busy;
  if (going) bar.value = progress.epoch / progress.epochs;
  else bar.removeAttribute("value"); // it moves without a share
  show(part(".train-trouble"), trouble());
  part(".train-note").textContent =
    stage === "training" ? say("stop_note") : stage === "starting" ? (state.last ?? []).at(-1) ?? "" : "";
  buttons();
  const start = part(".train-start");
  start.disabled = Boolean(busy);
  show(part(".train-busy"), busy ? say("busy") : "");
  part(".train-views").hidden = !state.run || !["training", "stopping", "measuring", "paused", "died", "done", "exporting",
    "exported"].includes(stage) || (!state.history?.epoch && stage !== "training");
  losses();
  pictures();
  runs();
  sample();
}

/** Some of the chosen images, while there is no training to watch. */
async function sample() {
  const figure = part(".train-sample");
  const { kind, dataset } = form.choice();
  const key = kind === "zip" || !dataset ? "" : `${kind} ${dataset}`;
  figure.hidden = !key || !part(".train-views").hidden;
  if (figure.hidden || figure.dataset.key === key) return;
  figure.dataset.key = key;
  const [caption, image, note] = figure.children;
  caption.textContent = say("sample_waiting");
  image.hidden = true;
  note.textContent = "";
  try {
    const { picture, count, size, classes } = await ask("train_sample", { kind, dataset });
    if (figure.dataset.key !== key) return;
    caption.textContent = fill(size ? "sample_sized" : "sample", { count: count.toLocaleString(), size });
    image.src = picture;
    image.alt = caption.textContent;
    image.hidden = false;
    const names = classes.slice(0, CLASSES).join(say("comma")) + (classes.length > CLASSES ? " …" : "");
    note.textContent = classes.length ? fill("sample_classes", { count: classes.length, names }) : "";
  } catch (error) {
    if (figure.dataset.key === key) caption.textContent = error.message;
  }
}

function losses() {
  const history = state.history ?? {};
  const figure = part(".train-curves");
  const most = state.busy ? (state.progress?.epochs ?? 0) : 0;
  const key = JSON.stringify([state.run, history.epoch?.length, history.epoch?.at(-1), most]);
  if (figure.dataset.key === key) return;
  figure.dataset.key = key;
  const lines = ["loss", "validation_loss"].filter((name) => name in history);
  const legend = lines.map((name, index) => made("span", { class: `key line-${index}` }, say(name)));
  figure.firstElementChild.replaceChildren(say("losses"), ...legend);
  const named = lines.map((name) => ({ name: say(name), values: history[name] }));
  figure.lastElementChild.replaceChildren(
    history.epoch ? curves(history.epoch, named, most) : made("p", { class: "waiting" }, say("waiting")),
  );
}

function pictures() {
  const preview = state.preview;
  const [figure, map] = [part(".train-pictures"), part(".train-map")];
  if (state.run !== seen.run) {
    seen = { run: state.run };
    figure.querySelector("img").hidden = true;
    figure.querySelector("ol").replaceChildren();
    figure.firstElementChild.textContent = "";
    map.hidden = true;
    map.points = map.paint = null;
  }
  if (!preview) return;
  seen.epoch = preview.epoch;
  figure.firstElementChild.textContent = fill("reconstructions", { epoch: preview.epoch });
  const rows = preview.rows.map((name) => made("li", { textContent: say(`row_${name}`) ?? name }));
  figure.querySelector("ol").replaceChildren(...rows);
  const image = figure.querySelector("img");
  image.src = `data:image/png;base64,${preview.picture}`;
  image.alt = figure.firstElementChild.textContent;
  image.hidden = false;
  map.hidden = !preview.points;
  if (!preview.points) return;
  const { points, labels, classes = [], epoch } = preview;
  map.querySelector("figcaption").textContent = fill("map", { count: points.length, epoch });
  map.querySelector("p").textContent = say("map_note");
  const names = classes.length <= 20 ? classes : [];
  map.querySelector("ul").replaceChildren(...names.map((name, index) => {
    const chip = made("li", { textContent: name });
    chip.style.setProperty("--colour", colourOf(index));
    return chip;
  }));
  const before = map.points;
  map.points = placed(points);
  map.paint = () => scatter(map.querySelector("canvas"), map.points, labels);
  // the same images at every epoch, so one sees where each goes
  moved(before, map.points, (places) => scatter(map.querySelector("canvas"), places, labels));
}

/** Earlier runs, to continue or to export. */
function runs() {
  const box = part(".train-runs");
  const known = (state.runs ?? []).filter((run) => run.name !== state.run || state.stage === "idle");
  box.hidden = !known.length;
  const key = JSON.stringify([known, state.busy]);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.firstElementChild.textContent = say("runs");
  box.lastElementChild.replaceChildren(...known.map((run) => {
    const about = fill(run.epochs === 1 ? "one_epoch" : "run_about", run);
    const action = run.done ? "export" : "resume";
    const one = made("button", { type: "button", textContent: say(action) });
    one.addEventListener("click", () => act(action, run.name, one));
    return made("li", {}, made("strong", {}, run.name), made("span", {}, about), one);
  }));
}

async function act(action, name, button) {
  button.disabled = true;
  if (action === "export") wanted = name;
  try {
    take(await ask("train_do", { action, name: name ?? "" }));
  } catch (error) {
    button.disabled = false;
    show(part(".train-trouble"), error.message);
  }
}

function take(answer) {
  if (form && Boolean(answer.busy) !== Boolean(state.busy)) changed(); // a name for a run may be taken or free now
  state = answer;
  if (form) watched();
  offer();
  schedule();
}

/** Let the chooser of all tabs have what was exported; on the page that asked for it, it is chosen. */
function offer() {
  const models = JSON.stringify(state.models ?? []);
  const mine = state.stage === "exported" && wanted === state.run;
  if (models === listed && !mine) return;
  const first = listed === null;
  listed = models;
  if (mine) wanted = "";
  if (mine || (!first && state.models?.length)) trigger("select", { name: mine ? state.model : null });
}

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(look, state.busy ? PAUSE : IDLE);
}

async function look() {
  if (!element.isConnected) return;
  if (open() && form) {
    try {
      const answer = await ask("train_state", seen);
      misses = 0;
      show(part(".train-notice"), "");
      take(answer);
      return;
    } catch (error) {
      misses += 1;
      if (misses > 2) show(part(".train-notice"), error.message);
    }
  }
  schedule();
}

/** The command line and the Python of the form, and what is wrong with it. */
async function equal() {
  const asked = form.choice();
  sample();
  try {
    const answer = await ask("train_equal", asked);
    if (JSON.stringify(asked) !== JSON.stringify(form.choice())) return;
    form.suggest(answer.free);
    for (const kind of ["command", "python"]) part(`[data-kind="${kind}"] pre`).textContent = answer[kind];
    show(part(".train-problem"), "");
  } catch (error) {
    if (JSON.stringify(asked) === JSON.stringify(form.choice())) show(part(".train-problem"), error.message);
  }
}

function changed() {
  clearTimeout(equalTimer);
  equalTimer = setTimeout(equal, 350);
}

async function start(event) {
  event.preventDefault();
  const button = part(".train-start");
  button.disabled = true;
  clearTimeout(equalTimer);
  try {
    await form.send((text) => show(part(".train-notice"), text));
    show(part(".train-problem"), "");
    take(await ask("train_start", form.choice()));
    part(".train-watch").scrollIntoView({ block: "nearest", behavior: "smooth" });
    changed();
  } catch (error) {
    show(part(".train-problem"), error.message);
    button.disabled = Boolean(state.busy);
  }
  show(part(".train-notice"), "");
}

async function copy(button) {
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = say("copy")), 1500);
}

async function begin() {
  if (form || begin.under_way) return;
  begin.under_way = true;
  show(part(".train-notice"), say("reading"));
  try {
    const about = await ask("train_form", {});
    form = formOf(part(".train-form"), about, say, changed);
    part(".train-more summary").textContent = say("more");
    part(".train-start").textContent = say("start");
    part(".train-equal summary").textContent = say("equal");
    for (const figure of element.querySelectorAll(".train-equal figure")) {
      figure.querySelector("figcaption").textContent = say(figure.dataset.kind);
      figure.querySelector("button").textContent = say("copy");
    }
    part(".train-columns").hidden = false;
    show(part(".train-notice"), "");
    part(".train-form").addEventListener("submit", start);
    part(".train-equal").addEventListener("click", (event) => {
      if (event.target.localName === "button") copy(event.target);
    });
    equal();
    look();
  } catch (error) {
    show(part(".train-notice"), error.message);
  }
  begin.under_way = false;
}

new ResizeObserver(() => {
  if (open()) begin();
  part(".train-map").paint?.();
}).observe(element); // hidden elements have no size
document.addEventListener("visibilitychange", () => open() && form && look());
