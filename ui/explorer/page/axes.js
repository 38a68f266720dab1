/** Menus for the plane that is shown: principal directions or two dimensions. For latents of more than two dimensions. */
function axesChooser(place, state, chosen) {
  const select = (label, options) => {
    const [box, name, list] = ["label", "span", "select"].map((tag) => document.createElement(tag));
    name.textContent = say(label);
    list.append(...options.map(([value, text]) => new Option(text, value)));
    list.onchange = tell;
    box.append(name, list);
    place.append(box);
    return { box, list };
  };
  const names = state.offered.map((index) => [index, nameOf(index, state.shape)]);
  const kind = select("planeOf", [["widest", say("widest")], ["axes", say("twoAxes")]]);
  const [across, up] = [select("across", names), select("up", names)];
  up.list.selectedIndex = 1;
  let before = [across.list.value, up.list.value];
  const free = () => (across.box.hidden = up.box.hidden = kind.list.value === "widest");
  free();
  place.hidden = false;

  function tell() {
    if (across.list.value === up.list.value) [up.list.value, across.list.value] = before; // swap them
    before = [across.list.value, up.list.value];
    state.axes = free() ? null : before.map(Number);
    chosen();
  }
}
