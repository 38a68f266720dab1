/** Reads .zip files: stored and deflated members, found through the central directory. */

import { Problem } from "./problem.js";

const LIMIT = 512 * 2 ** 20; // bytes of one unpacked member

/**
 * @param {Uint8Array} bytes
 * @returns {Map<string, () => Promise<Uint8Array>>} what unpacks each member, by its name
 */
export function readZip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = view.getUint32(endOfDirectory(view) + 16, true);
  const count = view.getUint16(endOfDirectory(view) + 10, true);
  const members = new Map();
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Problem("noZip");
    const [method, size, unpacked] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const header = view.getUint32(at + 42, true);
    const text = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    members.set(text, () => {
      // the local header repeats name and extra field, at lengths of its own
      const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
      return unpack(bytes.subarray(start, start + size), method, unpacked);
    });
    at += 46 + name + extra + comment;
  }
  return members;
}

function endOfDirectory(view) {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65557); at--)
    if (view.getUint32(at, true) === 0x06054b50) return at;
  throw new Problem("noZip");
}

async function unpack(packed, method, size) {
  if (size > LIMIT) throw new Error("a file in the .zip is too large");
  if (method === 0) return packed;
  if (method !== 8) throw new Error("the .zip is packed in a way that is not read here");
  const out = new Uint8Array(size);
  let filled = 0;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > size) throw new Error("a file in the .zip is larger than it says");
    out.set(value, filled);
    filled += value.length;
  }
  if (filled !== size) throw new Problem("noZip");
  return out;
}
