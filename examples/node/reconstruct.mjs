/**
 * Run a bundle with onnxruntime-node:  node reconstruct.mjs BUNDLE [picture.png]
 *
 * Checks every file and the golden image first; then reconstructs the picture, or else the golden image,
 * and writes reconstruction.png: what the model sees, and what it makes of it. Of a model of any size it is the result
 * alone, at the picture's own size.
 */

import { readFile, writeFile } from "node:fs/promises";
import { checkGolden, goldenImage, readBundle, start } from "./bundle.mjs";
import { prepare, readPng, toPng, writePng } from "./picture.mjs";

async function main([folder, picture]) {
  const { model, files } = await readBundle(folder);
  console.log(`${model.name}: digest of model.json and sha256 of ${Object.keys(files).length} files fit`);
  const pair = await start({ model, files });
  const { worst, allowed, ok } = await checkGolden(model, pair);
  console.log(`golden check: largest difference ${worst.toExponential(1)}, allowed ${allowed.toExponential(0)}`);
  if (!ok) throw new Error("the graphs do not compute the same here as when they were exported");
  if (model.image.colour === "other") return;

  if (picture && model.image.size === "any") return photograph(pair, await readFile(picture));
  const size = model.golden.size; // of a model of any size
  const shape = size ? [model.image.shape[0], ...size] : model.image.shape;
  const image = picture ? prepare(await readFile(picture), model.image) : goldenImage(model);
  const latent = await pair.encode(image, size);
  const reconstruction = await pair.decode(latent, size?.map((side) => side / model.latent.stride));
  const error = image.reduce((sum, value, i) => sum + (value - reconstruction[i]) ** 2, 0) / image.length;
  console.log(`code: ${latent.length} numbers for ${image.length}; mean squared error ${error.toFixed(4)}`);
  await writeFile("reconstruction.png", toPng([image, reconstruction], shape));
  console.log("wrote reconstruction.png");
}

/** Ctrl+C stops it after the tile that is being computed. */
async function photograph({ reconstruct }, file) {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
  const onProgress = (done, total) => process.stderr.write(`\r${done} of ${total} tiles`);
  const { signal } = interrupted;
  const result = await reconstruct(readPng(file), { onProgress, signal }).finally(() => process.stderr.write("\n"));
  await writeFile("reconstruction.png", writePng(result));
  console.log(`wrote reconstruction.png, ${result.width} x ${result.height}`);
}

if (process.argv.length < 3 || process.argv.length > 4) {
  console.error("usage: node reconstruct.mjs BUNDLE [picture.png]");
  process.exit(2);
}
main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
