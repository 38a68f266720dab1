/** onnxruntime-web, in one thread: that needs two files and no special headers from the server. */

import * as ort from "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";

const wasm = new URL("./node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", import.meta.url);
ort.env.wasm.wasmPaths = { wasm: wasm.href };
ort.env.wasm.numThreads = 1;

export { ort };
