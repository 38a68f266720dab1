/**
 * The component: one model at a time, each in its own view, which is discarded with its observers when another is chosen.
 * `begun` has the options that the component was made with.
 */
function explore(element, props, server, trigger, watch, begun) {
  const option = (name) => (props[name] === undefined ? begun[name] : props[name]);
  const blank = element.firstElementChild.cloneNode(true);
  const preference = { server: false }; // whether to decode on the server although the browser can
  let shown = null; // the view that is on the page
  let turn = 0;
  let known = null; // the value as it was last read or set, as JSON

  async function open() {
    const [mine, model, given] = [++turn, props.chosen, JSON.stringify(props.value) !== known ? props.value : null];
    const before = shown?.model === model ? shown.latent() : null; // only the language has changed
    shown?.leave();
    element.firstElementChild.inert = true;
    const about = await server.explorer_open({ model }).catch(() => ({ problem: say("trouble") }));
    if (mine !== turn) return; // another model was chosen meanwhile
    const page = blank.cloneNode(true);
    if (about.problem) return void ((shown = null), showProblem(page, about.problem));
    const latent = [given, before].find((value) => value?.length === about.size) ?? floatsOf(about.start);
    const outside = { sliders: option("sliders"), server, trigger, tell, preference };
    const view = viewOf(page, { model, about, latent: Float32Array.from(latent), ...outside });
    await view.ready;
    if (mine !== turn) return view.leave();
    shown = view;
    put(page);
    if (!same(props.value, view.latent())) tell(view.latent());
    known = JSON.stringify(props.value);
    view.prepare();
  }

  /** Set the value; gradio fires 'change' if it differs from the last one. */
  function tell(latent) {
    const value = listOf(latent);
    known = JSON.stringify(value);
    props.value = value;
  }

  function showProblem(page, problem) {
    page.replaceChildren(Object.assign(document.createElement("p"), { className: "problem", textContent: problem }));
    put(page);
  }

  const put = (page) => element.firstElementChild.replaceWith(page);

  watch(["chosen", "language", "value"], () => {
    setLanguage(option("language"));
    if (shown?.model !== props.chosen || shown.language !== languageNow()) return open();
    known = JSON.stringify(props.value);
    if (props.value && !same(props.value, shown.latent())) shown.go(Float32Array.from(props.value));
  });
  setLanguage(option("language"));
  sayAll(element);
  open();
}

const listOf = (latent) => Array.from(latent, (value) => Number(value.toPrecision(7)));
const same = (values, latent) => values?.length === latent.length && values.every((value, i) => Math.fround(value) === latent[i]);
