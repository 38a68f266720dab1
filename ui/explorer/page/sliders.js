/** A slider for each dimension. Of many dimensions, those that vary most come first and the others on demand. */

const FIRST = 12;
const BATCH = 48;

function sliders(place, state, moved, released) {
  const rows = [];
  const order = state.order.length > FIRST ? state.order : [...state.order].sort((a, b) => a - b);
  const more = document.createElement("button");
  more.type = "button";
  more.onclick = () => {
    const first = rows.length;
    add(BATCH);
    rows[first].slider.focus();
  };
  const title = document.createElement("header");
  title.innerHTML = "<b></b>";
  title.firstChild.textContent = say("latent");
  place.setAttribute("aria-label", say("latent"));
  place.append(title, more);
  const add = (count) => {
    for (const index of order.slice(rows.length, rows.length + count)) {
      rows.push(row(index));
      more.before(rows.at(-1).label);
    }
    more.hidden = rows.length === order.length;
    more.textContent = say("more", { count: Math.min(BATCH, order.length - rows.length) });
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
  const show = () =>
    rows.forEach(({ index, slider, value }) => {
      slider.value = state.latent[index];
      value.textContent = state.latent[index].toFixed(2).replace("-", "−");
    });
  add(FIRST);
  return show;
}

/** 'z5', or 'z5 (2, 0, 1)' for a spatial latent: channel, row, column. All count from 0. */
function nameOf(index, shape) {
  if (shape.length === 1) return `z${index}`;
  const place = shape.map((size, axis) => Math.floor(index / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % size);
  return `z${index} (${place.join(", ")})`;
}
