/** Fetches the explorer's script, once for all explorers of a page, and starts it. Gradio puts this into the page for
 *  each explorer, whether or not its tab is opened; the script itself is large. */
const SCRIPT = Symbol.for("diabolo: explorer");
globalThis[SCRIPT] ??= server
  .explorer_script({})
  .then((script) => {
    if (typeof script !== "string") throw Error("no answer"); // gradio makes undefined of an error status
    return new Function(`${script}\nreturn explore;`);
  })
  .catch((error) => {
    delete globalThis[SCRIPT]; // the next explorer tries again
    throw error;
  });
globalThis[SCRIPT].then(
  (load) => load()(element, props, server, trigger, watch),
  () => {
    const chinese = (props.language ?? navigator.language).toLowerCase().startsWith("zh");
    const problem = Object.assign(document.createElement("p"), { className: "problem" });
    problem.textContent = chinese ? "伺服器沒有回應，請重新載入頁面。" : "The server did not answer. Reload the page.";
    element.firstElementChild.replaceChildren(problem);
  },
);
