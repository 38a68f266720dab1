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

function back(kind) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: `↩ ${say(kind)}` });
  made.dataset.kind = kind;
  made.onclick = () => set(kept[kind]);
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
watch("value", look);
look();
