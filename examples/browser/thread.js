/** The page's side of worker.js. */

import { Problem } from "./problem.js";

/**
 * A thread with a model of any size.
 * @param {{model: object, encoder: Uint8Array, decoder: Uint8Array}} bundle
 * @returns {Promise<Thread>} once the golden check is done
 * @typedef {object} Thread
 * @property {{worst: number, allowed: number, ok: boolean}} golden
 * @property {(photo: Blob, heard: (answer: object) => void) => Promise<void>} compute `heard` gets the size and the
 *   pieces, see worker.js; resolved when all are there, or when another photograph came first
 * @property {() => void} cancel
 * @property {() => void} end
 */
export async function startThread({ model, encoder, decoder }) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  let last = 0; // answers to older photographs are not heard any more
  let settle = () => {};

  /** Until `heard` says that the answers are complete. */
  const answered = (heard) =>
    new Promise((done, failed) => {
      settle();
      settle = done;
      worker.onerror = ({ message }) => failed(new Error(message));
      worker.onmessage = ({ data }) => {
        if ((data.id ?? last) !== last) return;
        try {
          if (data.error) throw problem(data.error);
          if (heard(data)) done();
        } catch (error) {
          failed(error);
        }
      };
    });

  const thread = {
    golden: null,
    compute(photo, heard) {
      worker.postMessage({ id: ++last, photo });
      return answered((answer) => (heard(answer), answer.done && answer.done === answer.total));
    },
    cancel() {
      last++;
      settle();
      worker.postMessage({ cancel: true });
    },
    end: () => worker.terminate(),
  };
  worker.postMessage({ bundle: { model, encoder, decoder } });
  try {
    await answered(({ golden }) => (thread.golden = golden));
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return thread;
}

const problem = ({ message, values }) => (values ? new Problem(message, values) : new Error(message));
