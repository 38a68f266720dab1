/** Squares to click; arrow keys move from one to the next. Gradio runs this with `element`, `trigger` and `watch`. */
const cells = () => [...element.querySelectorAll("[data-unit]")];
const PATIENCE = 5000; // ms to wait for an answer
const answer = () => element.querySelector("[data-chosen]")?.dataset.chosen;
let focused = false;
let shown = answer(); // the unit of the last answer
let asked = null; // {unit}: the request that has not been answered yet
let wanted = null; // the unit chosen after that: one request at a time, since answers may come in any order

function mark(cell) {
  for (const other of cells()) {
    other.setAttribute("aria-pressed", String(other === cell));
    other.tabIndex = other === cell ? 0 : -1;
  }
}

function ask(unit) {
  wanted = null;
  if (unit === shown) return; // the value would not change, so gradio would not tell
  const mine = (asked = { unit });
  setTimeout(() => mine === asked && answered(), PATIENCE);
  trigger("select", { index: Number(unit), value: null });
}

function answered() {
  asked = null;
  if (wanted !== null) ask(wanted);
}

function choose(cell) {
  focused = true;
  mark(cell);
  cell.focus();
  if (asked) wanted = cell.dataset.unit;
  else ask(cell.dataset.unit);
}

element.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-unit]");
  if (cell) choose(cell);
});

element.addEventListener("keydown", (event) => {
  const all = cells();
  const at = all.indexOf(event.target);
  if (at < 0) return;
  const wide = getComputedStyle(all[0].parentElement).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide, Home: -at, End: all.length - 1 - at };
  const next = all[at + steps[event.key]];
  if (!next) return;
  event.preventDefault();
  choose(next);
});

element.addEventListener("focusout", (event) => (focused = event.relatedTarget === null && focused));

watch("value", () => {
  shown = answer();
  if (asked?.unit === shown) answered();
  // this answers an earlier choice: keep the last one marked
  const unit = wanted ?? asked?.unit;
  const last = unit && element.querySelector(`[data-unit="${unit}"]`);
  if (last) mark(last);
  if (focused) element.querySelector('[aria-pressed="true"]')?.focus({ preventScroll: true });
});
