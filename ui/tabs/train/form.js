/** The form: variant, network, images, settings. `formOf` is given to `desk.js` in one scope. */
const OWN = 3; // settings of a variant and its network that are shown first

function made(tag, attributes = {}, ...children) {
  const { class: name, ...rest } = attributes;
  const node = Object.assign(document.createElement(tag), rest);
  if (name) node.className = name;
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

function field(name, label, input, note) {
  input.name = name;
  const shown = made("span", { class: "name" }, label);
  return made("label", { class: "field" }, shown, input, made("small", { textContent: note ?? "" }));
}

function choiceOf(options, value) {
  const select = made("select");
  for (const [key, text] of options) select.append(made("option", { value: key, textContent: text }));
  if (value !== undefined) select.value = value;
  return select;
}

/** A form in `form` of what `about`, the server's answer, says can be trained; `changed` is called on each change. */
function formOf(form, about, say, changed) {
  const part = (name) => form.querySelector(name);
  const kept = new Map([["latent_dim", "2"]]); // what was typed, by the setting's name: it survives another variant
  let sent = null; // the zip, once it is on the server
  const variants = Object.keys(about.variants);
  const variant = choiceOf(variants.map((name) => [name, name]), variants.includes("vae") ? "vae" : variants[0]);
  const network = choiceOf([]);
  const sources = about.datasets.map((one) => [`name:${one.name}`, one.title]);
  const data = choiceOf([...sources, ["folder", say("folder")], ["zip", say("zip")]]);
  const folder = made("input", { type: "text", spellcheck: false });
  const zip = made("input", { type: "file", accept: ".zip" });
  const run = made("input", { type: "text", spellcheck: false, maxLength: 80 });
  const fields = {
    variant: field("variant", say("variant"), variant),
    network: field("network", say("network"), network),
    data: field("data", say("data"), data),
    folder: field("folder", say("folder_path"), folder, say("folder_note")),
    zip: field("zip", say("zip_file"), zip, say("zip_note").replace("{root}", about.root)),
    run: field("run", say("run"), run, say("run_note").replace("{root}", about.root)),
  };

  function setting(one) {
    const usual = one.name in chosen().defaults ? chosen().defaults[one.name] : one.default;
    const hint = usual === null || one.default_text ? shortest(one, usual) : String(usual);
    let input;
    if (one.kind === "bool" || one.choices.length) {
      const values = one.kind === "bool" ? [["true", say("yes")], ["false", say("no")]] : one.choices.map((c) => [c, c]);
      const given = one.kind === "bool" && typeof usual === "boolean" ? say(usual ? "yes" : "no") : hint;
      const rest = values.filter(([value]) => value !== String(usual));
      input = choiceOf([["", given], ...rest], kept.get(one.name) ?? "");
    } else {
      input = made("input", { type: "text", placeholder: hint, value: kept.get(one.name) ?? "", spellcheck: false });
      if (one.kind !== "text") input.inputMode = one.kind === "int" ? "numeric" : "decimal";
    }
    input.title = one.allowed;
    input.dataset.setting = one.name;
    const note = say("settings")[one.name] ?? one.help;
    return field(one.name, one.name.replaceAll("_", "-"), input, note);
  }

  function shortest(one, usual) {
    if (typeof usual === "number" && !(one.default_text ?? "").includes(" with ")) return String(usual);
    if (usual !== null && one.default_text.includes(" with ")) return String(usual);
    return one.default_text ? say("auto") : "";
  }

  const chosen = () => about.variants[variant.value];

  function settle() {
    const before = network.value;
    network.replaceChildren(...chosen().networks.map((name) => made("option", { value: name, textContent: name })));
    network.value = chosen().networks.includes(before) && settle.network ? before : chosen().defaults.network;
    fields.variant.querySelector("small").textContent = say("about")[`variant ${variant.value}`] ?? chosen().summary;
    lay();
  }

  /** Lay out the settings of the chosen variant and network. */
  function lay() {
    const first = about.settings.filter((one) => about.first.includes(one.name));
    const rest = about.settings.filter((one) => !about.first.includes(one.name));
    const own = [...chosen().settings, ...(about.networks[network.value] ?? [])];
    first.sort((a, b) => about.first.indexOf(a.name) - about.first.indexOf(b.name));
    const few = [...first, ...own.slice(0, OWN)];
    part(".train-main").replaceChildren(
      fields.variant, fields.network, fields.data, fields.folder, fields.zip,
      made("div", { class: "few" }, ...few.map(setting)),
    );
    part(".train-rest").replaceChildren(...own.slice(OWN).map(setting), ...rest.map(setting));
    part(".train-run").replaceChildren(fields.run);
    images();
  }

  function images() {
    fields.folder.hidden = data.value !== "folder";
    fields.zip.hidden = data.value !== "zip";
    const known = about.datasets.find((one) => `name:${one.name}` === data.value);
    fields.data.querySelector("small").textContent = known ? (say("about")[`images ${known.name}`] ?? known.summary) : "";
  }

  /** What the server gets. */
  function choice() {
    const values = {};
    for (const input of form.querySelectorAll("[data-setting]")) {
      if (input.value.trim()) values[input.dataset.setting] = input.value.trim();
    }
    const [kind, name] = data.value.split(/:(.*)/s);
    const dataset = kind === "name" ? name : kind === "folder" ? folder.value.trim() : (sent?.path ?? "");
    const file = zip.files[0]?.name ?? "";
    return { variant: variant.value, network: network.value, values, kind, dataset, file, run: run.value.trim() };
  }

  /** Send the zip, if one is chosen and not on the server yet. */
  async function send(tell) {
    const [file] = zip.files;
    if (data.value !== "zip" || !file || sent?.file === file) return;
    tell(say("uploading").replace("{name}", file.name));
    const { path } = await upload(file);
    sent = { file, path };
  }

  form.addEventListener("input", (event) => {
    const name = event.target.dataset.setting;
    if (name) kept.set(name, event.target.value);
  });
  form.addEventListener("change", (event) => {
    if (event.target === variant) settle();
    if (event.target === network) {
      settle.network = true;
      lay();
    }
    if (event.target === data) images();
  });
  for (const kind of ["input", "change"]) form.addEventListener(kind, changed);
  settle();
  return { choice, send, suggest: (name) => (run.placeholder = name) };
}
