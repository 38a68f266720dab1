/**
 * Run a bundle with onnxruntime-node:  node reconstruct.mjs BUNDLE [picture.png]
 *
 * Checks every file and the golden image first; then reconstructs the picture, or else the golden image,
 * and writes reconstruction.png: what the model sees, and what it makes of it.
 */

import { readFile, writeFile } from "node:fs/promises";
import { checkGolden, goldenImage, readBundle, start } from "./bundle.mjs";
import { prepare, toPng } from "./picture.mjs";

async function main([folder, picture]) {
  const { model, files } = await readBundle(folder);
  console.log(`${model.name}: digest of model.json and sha256 of ${Object.keys(files).length} files fit`);
  const pair = await start({ model, files });
  const { worst, allowed, ok } = await checkGolden(model, pair);
  console.log(`golden check: largest difference ${worst.toExponential(1)}, allowed ${allowed.toExponential(0)}`);
  if (!ok) throw new Error("the graphs do not compute the same here as when they were exported");
  if (model.image.colour === "other") return;

  const image = picture ? prepare(await readFile(picture), model.image) : goldenImage(model);
  const latent = await pair.encode(image);
  const reconstruction = await pair.decode(latent);
  const error = image.reduce((sum, value, i) => sum + (value - reconstruction[i]) ** 2, 0) / image.length;
  console.log(`code: ${latent.length} numbers for ${image.length}; mean squared error ${error.toFixed(4)}`);
  await writeFile("reconstruction.png", toPng([image, reconstruction], model.image.shape));
  console.log("wrote reconstruction.png");
}

if (process.argv.length < 3 || process.argv.length > 4) {
  console.error("usage: node reconstruct.mjs BUNDLE [picture.png]");
  process.exit(2);
}
main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
