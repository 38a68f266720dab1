/** Opens a bundle, by ?bundle=ADDRESS or from files, shows its golden check and hands it to the explorer. */

import { fromAddress, fromFiles, readBundle } from "./bundle.js";
import { droppedFiles } from "./drop.js";
import { explore } from "./explore.js";
import { checkGolden, start } from "./model.js";
import { photographs } from "./photo.js";
import { Problem } from "./problem.js";
import { switchLanguage, t, translate } from "./strings.js";
import { startThread } from "./thread.js";

const $ = (id) => document.getElementById(id);
const PARTS = ["stage", "code-side", "photo", "golden", "another"]; // of the page, with a bundle
let opened = null; // { bundle, golden, explorer }
let message = () => t("openHint");

async function open(finding) {
  say(() => t("loading"));
  try {
    const bundle = await readBundle(await finding);
    const { model } = bundle;
    const channels = model.image.shape[0];
    if (channels !== 1 && channels !== 3) throw new Problem("noPicture", { channels });
    const any = model.image.size === "any";
    const pair = await (any ? startThread : start)(bundle);
    const golden = any ? pair.golden : await checkGolden(model, pair);
    opened?.explorer.leave();
    for (const id of PARTS) $(id).hidden = id === "photo" ? !any : any && (id === "stage" || id === "code-side");
    $("opening").hidden = true;
    opened = { bundle, golden, explorer: (any ? photographs : explore)(bundle, pair) };
    showFacts();
  } catch (error) {
    const reason = () => (error instanceof Problem ? t(error.message, error.values) : error.message);
    say(() => t("failed", { reason: reason() }));
  }
}

/** A message instead of the stage; `text` is asked again when the language changes. */
function say(text) {
  message = text;
  $("message").textContent = message();
  $("opening").hidden = false;
  for (const id of PARTS) $(id).hidden = true;
}

function showFacts() {
  const { bundle, golden } = opened;
  const { model } = bundle;
  $("name").textContent = model.name;
  $("summary").textContent = model.summary ?? "";
  $("golden").dataset.state = golden.ok ? "ok" : "off";
  $("worst").textContent = golden.worst.toExponential(1);
  $("verdict").textContent = t(golden.ok ? "goldenOk" : "goldenOff");
  const files = ["encoder.onnx", "decoder.onnx", bundle.codes && "codes.npz"].filter(Boolean).join(", ");
  const facts = {
    difference: golden.worst.toExponential(1),
    allowed: golden.allowed.toExponential(0),
    hashes: t("hashesFit", { files }),
    variant: model.variant,
    network: model.network,
    dataset: model.dataset.name,
  };
  $("facts").replaceChildren(
    ...Object.entries(facts).flatMap(([key, value]) => {
      const [name, text] = [document.createElement("dt"), document.createElement("dd")];
      name.textContent = t(key);
      text.textContent = value;
      return [name, text];
    }),
  );
}

function words() {
  translate();
  $("language").textContent = document.documentElement.lang === "en" ? "中文" : "English";
  $("language").lang = document.documentElement.lang === "en" ? "zh-Hant-TW" : "en";
  $("message").textContent = message();
  if (!opened) return;
  showFacts();
  opened.explorer.translate();
}

$("language").onclick = () => (switchLanguage(), words());
$("another").onclick = () => say(() => t("openHint"));
for (const id of ["folder", "files"])
  $(id).onchange = ({ target }) => target.files.length && open(fromFiles([...target.files]));
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  const picture = [...event.dataTransfer.files].find((file) => file.type.startsWith("image/"));
  if (picture && opened && $("opening").hidden) opened.explorer.openPicture(picture);
  else open(droppedFiles(event.dataTransfer).then(fromFiles));
};

words();
const asked = new URLSearchParams(location.search).get("bundle");
if (asked) open(fromAddress(asked));
