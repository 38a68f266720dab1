/** Squares to click; arrow keys go from one to the next. Gradio runs this with `element`, `trigger` and `watch`. */
const cells = () => [...element.querySelectorAll("[data-unit]")];
const PATIENCE = 5000; // ms that an answer may take
let focused = false;
let wanted = null; // {unit, time}: chosen here, and not answered yet

function mark(cell) {
  for (const other of cells()) {
    other.setAttribute("aria-pressed", String(other === cell));
    other.tabIndex = other === cell ? 0 : -1;
  }
}

function choose(cell) {
  focused = true;
  mark(cell);
  cell.focus();
  wanted = { unit: cell.dataset.unit, time: performance.now() };
  trigger("select", { index: Number(wanted.unit), value: null });
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
  const pressed = element.querySelector('[aria-pressed="true"]')?.dataset.unit;
  if (pressed === wanted?.unit || performance.now() - wanted?.time > PATIENCE) wanted = null;
  // the answer to an earlier choice: keys go on from the last one
  const last = wanted && element.querySelector(`[data-unit="${wanted.unit}"]`);
  if (last) mark(last);
  if (focused) element.querySelector('[aria-pressed="true"]')?.focus({ preventScroll: true });
});
