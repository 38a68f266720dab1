/** A button for each class that hides or shows its dots; a double-click hides all other classes. */
function legend(place, state, changed) {
  if (!state.labels) return place.remove();
  place.setAttribute("aria-label", say("legend"));
  const chips = state.classes.map((name, label) => {
    const chip = document.createElement("button");
    const dot = document.createElement("i");
    chip.type = "button";
    dot.style.background = accentOf(label);
    chip.append(dot, name);
    chip.onclick = () => (state.hidden.has(label) ? state.hidden.delete(label) : state.hidden.add(label), show());
    chip.ondblclick = () => ((state.hidden = new Set(state.classes.keys())), state.hidden.delete(label), show());
    return chip;
  });
  const all = document.createElement("button");
  all.type = "button";
  all.className = "all";
  all.textContent = say("all");
  all.onclick = () => (state.hidden.clear(), show(), chips[0].focus());
  place.append(...chips, all);
  const show = () => {
    chips.forEach((chip, label) => chip.setAttribute("aria-pressed", String(!state.hidden.has(label))));
    all.hidden = !state.hidden.size;
    changed();
  };
  show();
}
