/** Squares to click; arrow keys go from one to the next. Gradio runs this with `element`, `trigger` and `watch`. */
const cells = () => [...element.querySelectorAll("[data-unit]")];
let focused = false;

function choose(cell) {
  focused = true;
  for (const other of cells()) {
    other.setAttribute("aria-pressed", String(other === cell));
    other.tabIndex = other === cell ? 0 : -1;
  }
  cell.focus();
  trigger("select", { index: Number(cell.dataset.unit), value: null });
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
  if (focused) element.querySelector('[aria-pressed="true"]')?.focus({ preventScroll: true });
});
