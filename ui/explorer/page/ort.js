/** onnxruntime-web, loaded from this server once for all explorers of a page. One thread, which needs no special headers. */

const ORT = Symbol.for("diabolo: onnxruntime-web");

/** {ort, alone}: `alone` runs one task at a time, since the sessions of a page share one memory. */
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
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" })); // import() needs this type, whatever the server sent
  const ort = await import(address);
  URL.revokeObjectURL(address);
  ort.env.logLevel = "fatal"; // what fails here runs on the server, and the badge says so
  Object.assign(ort.env.wasm, { wasmBinary: wasm, numThreads: 1 });
  let last = Promise.resolve();
  const alone = (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return { ort, alone };
}
