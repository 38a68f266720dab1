/** A slider for each dimension. Of many dimensions, those that vary most come first and the others on demand. */

const FIRST = 12;
const BATCH = 48;

function sliders(place, state, moved, released) {
  const rows = [];
  const order = state.order.length > FIRST ? state.order : [...state.order].sort((a, b) => a - b);
  const [title, shown, buttons] = ["header", "span", "p"].map((tag) => document.createElement(tag));
  title.innerHTML = "<b></b>";
  title.firstChild.textContent = say("latent");
  shown.className = "quiet";
  title.append(shown);
  place.setAttribute("aria-label", say("latent"));
  place.append(title, buttons);
  const [more, all] = [BATCH, Infinity].map((count) => {
    const button = document.createElement("button");
    button.type = "button";
    button.onclick = () => {
      const first = rows.length;
      add(count);
      rows[first].slider.focus();
    };
    buttons.append(button);
    return button;
  });
  const add = (count) => {
    const added = order.slice(rows.length, rows.length + count).map(row);
    rows.push(...added);
    buttons.before(...added.map(({ label }) => label));
    const left = order.length - rows.length;
    shown.textContent = left ? say("mostVarying", { count: rows.length, all: order.length }) : "";
    buttons.hidden = left === 0;
    all.hidden = left <= BATCH;
    more.textContent = say("more", { count: Math.min(BATCH, left) });
    all.textContent = say("allOfThem", { count: order.length });
    show();
  };
  const row = (index) => {
    const [label, name, slider, value] = ["label", "span", "input", "output"].map((tag) => document.createElement(tag));
    const [low, high] = [state.low[index], state.high[index]];
    Object.assign(slider, { type: "range", min: low, max: high, step: (high - low) / 200 });
    slider.disabled = state.fixed;
    slider.oninput = () => moved(index, slider.valueAsNumber);
    slider.onchange = released;
    name.textContent = nameOf(index, state.shape);
    label.append(name, slider, value);
    return { index, label, slider, value };
  };
  let asked = false;
  /** Of many rows, in the next animation frame, once however often it is called: there may be thousands. */
  const soon = () => {
    if (rows.length <= FIRST + BATCH) return show();
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => ((asked = false), show()));
  };
  const show = () =>
    rows.forEach(({ index, slider, value }) => {
      slider.value = state.latent[index];
      value.textContent = state.latent[index].toFixed(2).replace("-", "−");
    });
  add(FIRST);
  return soon;
}

/** 'z5', or 'z5 (2, 0, 1)' for a spatial latent: channel, row, column. All count from 0. */
function nameOf(index, shape) {
  if (shape.length === 1) return `z${index}`;
  const place = shape.map((size, axis) => Math.floor(index / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % size);
  return `z${index} (${place.join(", ")})`;
}
