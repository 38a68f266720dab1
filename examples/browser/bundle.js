/** A bundle from an address, from files or from a .zip; whatever is read is checked against model.json. */

import { readNpz } from "./npz.js";
import { Problem } from "./problem.js";
import { readZip } from "./zip.js";

/** @typedef {(name: string) => Promise<Uint8Array>} Read the bytes of a file of the bundle */

const VERSIONS = [1, 4]; // of the format

/** @param {string} address of the folder, relative to the page @returns {Read} */
export function fromAddress(address) {
  const folder = new URL(address.endsWith("/") ? address : `${address}/`, document.baseURI);
  return async (name) => {
    const answer = await fetch(new URL(name.split("/").map(encodeURIComponent).join("/"), folder));
    if (!answer.ok) throw new Problem("missing", { name });
    return new Uint8Array(await answer.arrayBuffer());
  };
}

/** @param {File[]} files a folder's files, some files of one, or one .zip @returns {Promise<Read>} */
export async function fromFiles(files) {
  const bytes = async (file) => new Uint8Array(await file.arrayBuffer());
  const found = new Map(files.map((file) => [file.webkitRelativePath || file.name, () => bytes(file)]));
  if (files.length === 1 && files[0].name.endsWith(".zip")) return within(readZip(await bytes(files[0])));
  return within(found);
}

/** Names count from the folder that model.json lies in. */
function within(found) {
  const path = [...found.keys()].find((name) => name.split("/").pop() === "model.json");
  if (path === undefined) throw new Problem("noModel");
  const folder = path.slice(0, -"model.json".length);
  return (name) => {
    const read = found.get(folder + name);
    if (!read) throw new Problem("missing", { name });
    return read();
  };
}

/**
 * The files that this page uses, checked: model.json, both graphs and the codes.
 * @param {Read} read
 */
export async function readBundle(read) {
  if (!globalThis.crypto?.subtle) throw new Problem("insecure");
  const model = await parseModel(await read("model.json"));
  const stored = Object.keys(model.files).find((name) => model.files[name].role === "codes");
  const checked = async (name) => {
    const entry = model.files[name];
    if (!entry || name.split("/").includes("..") || /^\/|\\|:/.test(name)) throw new Problem("outside", { name });
    const raw = await read(name);
    if (raw.length !== entry.size || (await sha256(raw)) !== entry.sha256)
      throw new Problem("changed", { name });
    return raw;
  };
  const [encoder, decoder, npz] = await Promise.all(
    ["encoder.onnx", "decoder.onnx", stored].map((name) => name && checked(name)),
  );
  const { codes, labels } = npz ? await readNpz(npz) : {};
  const size = model.latent.shape.reduce((a, b) => a * b, 1); // 0 for a model of any size, whose codes are not used
  if (codes && size && codes.data.length % size) throw new Problem("changed", { name: stored });
  return { model, encoder, decoder, codes: codes?.data, labels: labels?.data };
}

/** model.json; its digest is the sha256 of its bytes with the digest's own 64 digits as zeros. */
async function parseModel(raw) {
  // latin1 keeps one character a byte, so that positions in the text are positions in the file
  const found = /("digest"\s*:\s*"sha256:)([0-9a-f]{64})"/.exec(new TextDecoder("latin1").decode(raw));
  const blank = raw.slice();
  if (found) blank.fill(48, found.index + found[1].length, found.index + found[1].length + 64);
  if (!found || (await sha256(blank)) !== found[2]) throw new Problem("changed", { name: "model.json" });
  const model = JSON.parse(new TextDecoder().decode(raw));
  if (model.format !== "diabolo-bundle" || !VERSIONS.includes(model.format_version))
    throw new Problem("format", { version: model.format_version, versions: VERSIONS.join(", ") });
  if (model.latent.distribution === "codebook" || model.image.value_range) throw new Problem("unread");
  return model;
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
