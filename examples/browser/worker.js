/**
 * A model of any size in a thread of its own, so that the page stays responsive while a photograph is computed.
 *
 * | message          | answers                                                                          |
 * |------------------|----------------------------------------------------------------------------------|
 * | `{bundle}`       | `{golden}`                                                                       |
 * | `{id, photo}`    | `{id, width, height, opaque}`, then pieces of the result, the last with `done === total` |
 * | `{cancel: true}` | none: no piece follows the one that is being computed                            |
 *
 * If something fails, the answer is `{id, error}`, with the key of strings.js and `values` for its places if it is known.
 */

import { checkGolden, start } from "./model.js";
import { openPhoto } from "./pixels.js";
import { Problem } from "./problem.js";

const TILE = 384; // pixels; also of small pictures, so that the progress is seen

let pair = null;
let tile = TILE;
let running = new AbortController();

onmessage = async ({ data: { id, bundle, photo, cancel } }) => {
  if (cancel || photo) running.abort();
  try {
    if (bundle) await begin(bundle);
    if (photo) await compute(id, photo, (running = new AbortController()).signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    const { message, values } = error;
    postMessage({ id, error: { message, values: error instanceof Problem ? values : null } });
  }
};

async function begin(bundle) {
  if (bundle.model.image.receptive_radius === null) tile = 0; // each pixel depends on all
  pair = await start(bundle);
  postMessage({ golden: await checkGolden(bundle.model, pair) });
}

async function compute(id, photo, signal) {
  const picture = await openPhoto(photo);
  const { width, height } = picture;
  postMessage({ id, width, height, opaque: isOpaque(picture) });
  for await (const piece of pair.pieces(picture, { tile, signal })) postMessage({ id, ...piece }, [piece.data.buffer]);
}

function isOpaque({ data }) {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}
