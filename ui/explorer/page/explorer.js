/**
 * The component: one model at a time, each in its own view, which is discarded with its observers when another is chosen.
 * Gradio may lose props before the component is on the page; the first answer of the server has all of them.
 */
function explore(element, props, server, trigger, watch) {
  const OPTIONS = ["chosen", "language", "sliders", "interactive"];
  const HEEDED = [...OPTIONS, "picture"];
  const blank = element.firstElementChild.cloneNode(true);
  const preference = { server: false }; // whether to decode on the server although the browser can
  let options = null; // as the server told them first, then as updates changed them
  let shown = null; // the view that is on the page
  let turn = 0;
  let known = null; // the value as it was last read or set, as JSON

  const given = () => Object.fromEntries(HEEDED.filter((name) => props[name] !== undefined).map((name) => [name, props[name]]));
  /** What the view depends on; if it changes, another view is made. */
  const now = () => JSON.stringify([...OPTIONS.map((name) => options[name]), languageNow()]);

  async function open() {
    const [mine, value] = [++turn, JSON.stringify(props.value) !== known ? props.value : null];
    const before = shown && shown.model === options.chosen ? shown.latent() : null; // the model stays
    shown?.leave();
    if (shown) shown.made = null;
    element.firstElementChild.inert = true;
    const answer = await server.explorer_open({ model: options?.chosen ?? null }).catch(() => undefined);
    const about = answer ?? { problem: "" }; // gradio makes undefined of an error status
    if (mine !== turn) return; // another model was chosen meanwhile
    const page = blank.cloneNode(true);
    if ("problem" in about) {
      shown = null;
      if (!options) setLanguage(props.language);
      return showProblem(page, about.problem ? say("refused", { reason: about.problem }) : say("silence"));
    }
    if (!options) heed(about.options);
    const latent = [value, before].find((one) => one?.length === about.size) ?? floatsOf(about.start);
    const outside = { options: { ...options }, server, trigger, tell, preference };
    const view = viewOf(page, { model: options.chosen, about, latent: Float32Array.from(latent), ...outside });
    view.made = now();
    await view.ready;
    if (mine !== turn) return view.leave();
    shown = view;
    put(page);
    tell(view.latent());
    view.showYours(options.picture);
    view.prepare();
  }

  /** Set the value, and return whether it is another one; gradio then fires 'change'. */
  function tell(latent) {
    const [value, before] = [listOf(latent), known];
    known = JSON.stringify(value);
    if (!same(props.value, latent)) props.value = value;
    else known = JSON.stringify(props.value);
    return known !== before;
  }

  function showProblem(page, problem) {
    page.replaceChildren(Object.assign(document.createElement("p"), { className: "problem", textContent: problem }));
    put(page);
  }

  const put = (page) => element.firstElementChild.replaceWith(page);

  /** Take over options; the label is gradio's own, which is to be seen only if there is one. */
  function heed(some) {
    Object.assign((options ??= {}), some);
    setLanguage(options.language);
  }

  function nameIt() {
    element.dataset.label = props.label ?? "";
  }

  watch(["label"], nameIt);
  watch([...HEEDED, "value"], () => {
    if (!options) return open(); // the server knows of this update already
    const { picture } = options;
    heed(given());
    if (shown?.made !== now()) return open();
    if (options.picture?.url !== picture?.url) shown.showYours(options.picture);
    known = JSON.stringify(props.value);
    if (!props.value) shown.restart();
    else if (!same(props.value, shown.latent())) shown.go(Float32Array.from(props.value));
  });
  nameIt();
  setLanguage(props.language);
  sayAll(element);
  open();
}

const listOf = (latent) => Array.from(latent, (value) => Number(value.toPrecision(7)));
const same = (values, latent) => values?.length === latent.length && values.every((value, i) => Math.fround(value) === latent[i]);
