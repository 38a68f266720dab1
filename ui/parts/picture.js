/** The current picture. Gradio runs this with `element`, `props`, `upload` and `watch`. */
const kept = {}; // one's own pictures by kind: a drawing and an upload

function say(key) {
  const wanted = navigator.languages.map((name) => (name.startsWith("zh") ? "zh-TW" : name.split("-")[0]));
  return (props.words[wanted.find((name) => name in props.words)] ?? Object.values(props.words)[0])[key];
}

function set(value) {
  props.value = value;
  look();
}

const TABS = ["drawing", "upload"]; // the pad's, in their order

/** The pad's tabs that can be clicked: gradio keeps others, which are never shown, to measure them. */
const tabs = () => [...(element.closest(".pad")?.querySelectorAll("[role=tab]") ?? [])];

/** A click on a tab of the pad makes what is in it the current picture: what is shown there is what tabs use. */
function follow({ target, isTrusted }) {
  const kind = isTrusted && TABS[tabs().indexOf(target.closest?.("[role=tab]"))];
  if (kind && kept[kind] && kept[kind] !== props.value) set(kept[kind]);
}

function back(kind) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: `↩ ${say(kind)}` });
  made.dataset.kind = kind;
  made.onclick = () => {
    set(kept[kind]);
    tabs()[TABS.indexOf(kind)]?.click();
  };
  return made;
}

/** Remember one's own pictures, and offer those that are not the current one. */
function look() {
  const now = props.value;
  if (now?.kind === "drawing" || now?.kind === "upload") kept[now.kind] = now;
  if (now?.gone) delete kept[now.gone];
  element.closest(".pad")?.classList.toggle("given", Boolean(now) && now.kind !== "empty");
  const others = ["drawing", "upload"].filter((kind) => kept[kind] && kind !== now?.kind);
  element.querySelector(".back").replaceChildren(...others.map(back));
}

async function paste(event) {
  if (!element.isConnected) {
    document.removeEventListener("paste", paste);
    return;
  }
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  if (!file || event.defaultPrevented) return; // another app in this page has it
  event.preventDefault();
  try {
    const { path, url } = await upload(file);
    set({ kind: "upload", id: `${path} ${Date.now()}`, file: path, url, name: file.name });
  } catch {
    element.querySelector(".back").append(say("failed"));
  }
}

document.addEventListener("paste", paste);
element.closest(".pad")?.addEventListener("click", follow);
watch("value", look);
look();
