/** onnxruntime-web, from this server, in one thread: that needs no special headers. Loaded once for all explorers of a page. */

const ORT = Symbol.for("diabolo: onnxruntime-web");

/** `alone` runs one piece of work at a time: the sessions of a page share one memory. */
function onnxruntime(web) {
  globalThis[ORT] ??= loadRuntime(web).catch((error) => {
    delete globalThis[ORT];
    throw error;
  });
  return globalThis[ORT];
}

async function loadRuntime(web) {
  const { root, api_prefix } = window.gradio_config;
  const [code, wasm] = await Promise.all(
    [web.script, web.wasm].map(async (path) => {
      const answer = await fetch(`${root}${api_prefix ?? "/gradio_api"}/file=${path}`);
      if (!answer.ok) throw new Error(`${answer.status} for ${path}`);
      return answer.arrayBuffer();
    }),
  );
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" })); // whatever type it was served as
  const ort = await import(address);
  URL.revokeObjectURL(address);
  ort.env.logLevel = "fatal"; // what cannot run here runs on the server, and the badge says so
  Object.assign(ort.env.wasm, { wasmBinary: wasm, numThreads: 1 });
  let last = Promise.resolve();
  const alone = (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return { ort, alone };
}
