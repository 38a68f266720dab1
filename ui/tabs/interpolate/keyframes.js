/** Key frames in a row, each with buttons to move and to remove it. The server adds them. */
const row = element.querySelector(".keys");
const LETTERS = "ABCDEF";
const SIGNS = { left: "‹", remove: "×", right: "›" };
let shown = null; // the value, as JSON

const say = (key, letter) => (props.value?.words?.[key] ?? "").replace("{letter}", letter);

function button(what, index, frames) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: what, textContent: SIGNS[what] });
  const label = say(what, LETTERS[index]);
  made.setAttribute("aria-label", label);
  made.title = label;
  made.disabled = (what === "left" && index === 0) || (what === "right" && index === frames.length - 1);
  made.onclick = () => change(what, index, frames);
  return made;
}

function change(what, index, old) {
  const [frames, latents] = [[...old], [...props.value.latents]];
  const before = { frames: old, latents: props.value.latents };
  const [[frame], [latent]] = [frames.splice(index, 1), latents.splice(index, 1)];
  const to = what === "remove" ? Math.min(index, frames.length - 1) : index + (what === "left" ? -1 : 1);
  if (what !== "remove") {
    frames.splice(to, 0, frame);
    latents.splice(to, 0, latent);
  }
  props.value = { ...props.value, frames, latents, before };
  show();
  const tile = row.children[Math.max(to, 0)];
  (tile?.querySelector(`.${what}:enabled`) ?? tile?.querySelector("button:enabled"))?.focus();
}

function tile(src, index, frames) {
  const made = Object.assign(document.createElement("figure"), { className: src ? "key" : "key blank" });
  const letter = Object.assign(document.createElement("b"), { textContent: LETTERS[index] });
  made.setAttribute("role", "listitem");
  if (!src) return made.append(letter), made;
  const image = Object.assign(document.createElement("img"), { src, alt: say("key", LETTERS[index]) });
  const buttons = Object.assign(document.createElement("span"), { className: "move" });
  buttons.append(button("left", index, frames), letter, button("right", index, frames));
  made.append(image, button("remove", index, frames), buttons);
  return made;
}

function show() {
  const value = JSON.stringify(props.value);
  if (value === shown) return; // a change made here: nothing to draw, and the focus stays
  shown = value;
  const frames = props.value?.frames ?? [];
  const places = Array.from({ length: Math.max(2, frames.length) }, (_, index) => frames[index]);
  row.replaceChildren(...places.map((src, index) => tile(src, index, frames)));
}

watch("value", show);
show();
