/** A bundle from a folder: every file checked, both graphs started, the golden check. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, normalize, isAbsolute } from "node:path";
import { anySize } from "./any-size.mjs";

process.env.ORT_DISABLE_TELEMETRY ??= "1"; // before the import, or onnxruntime reports its use
const { default: ort } = await import("onnxruntime-node");

/** One thread is the fastest for small images, all are for photographs. They must not spin while nothing is asked. */
const options = ({ image }) => ({
  executionProviders: ["cpu"],
  intraOpNumThreads: image.size === "any" ? availableParallelism() : 1,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
});

const VERSIONS = [1, 4]; // of the format

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * model.json, parsed. Its digest is the sha256 of its bytes with the digest's own 64 digits as zeros.
 * @param {Buffer} raw the file as it is, not decoded and written again
 */
export function parseModel(raw) {
  // latin1 keeps one character a byte, so that positions in the text are positions in the file
  const found = /("digest"\s*:\s*"sha256:)([0-9a-f]{64})"/.exec(raw.toString("latin1"));
  const blank = Buffer.from(raw);
  if (found) blank.fill("0", found.index + found[1].length, found.index + found[1].length + 64);
  if (!found || sha256(blank) !== found[2]) throw new Error("model.json was changed after the export");
  const model = JSON.parse(raw.toString("utf8"));
  if (model.format !== "diabolo-bundle" || !VERSIONS.includes(model.format_version))
    throw new Error(`model.json has format_version ${model.format_version}; this example reads ${VERSIONS.join(" and ")}`);
  if (model.latent.distribution === "codebook" || model.image.value_range)
    throw new Error("model.json has a codebook or a value_range, which this example does not read");
  return model;
}

/**
 * model.json and the bytes of every file that it lists, each one checked.
 * @param {string} folder
 */
export async function readBundle(folder) {
  const model = parseModel(await readFile(join(folder, "model.json")));
  /** @type {Record<string, Buffer>} */
  const files = {};
  for (const [name, { size, sha256: wanted }] of Object.entries(model.files)) {
    if (isAbsolute(name) || normalize(name).startsWith(".."))
      throw new Error(`model.json lists ${JSON.stringify(name)}, which leaves the bundle`);
    const raw = await readFile(join(folder, name));
    if (raw.length !== size || sha256(raw) !== wanted) throw new Error(`${name} is not the file that was exported`);
    files[name] = raw;
  }
  return { model, files };
}

/**
 * The pair of graphs. `encode` and `decode` take and give a batch as one Float32Array. A model of any size takes the
 * size with it, and has `reconstruct` and `pieces` of any-size.mjs.
 */
export async function start({ model, files }) {
  const [encoder, decoder] = await Promise.all(
    ["encoder.onnx", "decoder.onnx"].map((name) => ort.InferenceSession.create(files[name], options(model))),
  );
  const { image, latent } = model;
  const shaped = (shape, size) => (size ? [shape[0], ...size] : shape);
  const pair = {
    /** @param {Float32Array} images @param {[number, number]} [size] height and width, of a model of any size */
    async encode(images, size) {
      return (await encoder.run({ image: batch(images, shaped(image.shape, size)) }, ["latent"])).latent.data;
    },
    /** @param {Float32Array} latents @param {[number, number]} [size] rows and columns, of a model of any size */
    async decode(latents, size) {
      return (await decoder.run({ latent: batch(latents, shaped(latent.shape, size)) }, ["image"])).image.data;
    },
  };
  return image.size === "any" ? { ...pair, ...anySize(model, pair) } : pair;
}

function batch(values, shape) {
  const size = shape.reduce((a, b) => a * b, 1);
  if (!size || values.length % size) throw new Error(`${values.length} values are no batch of [${shape}]`);
  return new ort.Tensor("float32", values, [values.length / size, ...shape]);
}

/** Whether the graphs compute the same here as when they were exported: at both sizes if they take any. */
export async function checkGolden({ golden, latent: { stride } }, { encode, decode }) {
  let worst = 0;
  for (const { size, image, latent, reconstruction } of golden.second ? [golden, golden.second] : [golden]) {
    const code = await encode(floats(image), size);
    const rebuilt = await decode(floats(latent), size?.map((side) => side / stride));
    worst = Math.max(worst, largestDifference(code, floats(latent)), largestDifference(rebuilt, floats(reconstruction)));
  }
  const allowed = golden.tolerance.cpu ?? golden.tolerance.default;
  return { worst, allowed, ok: worst <= allowed }; // a NaN is not
}

/** Little-endian float32 in base64. */
function floats(text) {
  const raw = Buffer.from(text, "base64");
  return Float32Array.from({ length: raw.length / 4 }, (_, i) => raw.readFloatLE(4 * i));
}

function largestDifference(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - wanted[i])), 0);
}

/** The golden image of model.json: one that any bundle has. */
export const goldenImage = (model) => floats(model.golden.image);
