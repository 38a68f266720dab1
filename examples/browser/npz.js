/** Reads .npz files, numpy's archives of arrays: a .zip whose members are .npy files. */

import { readZip } from "./zip.js";

const KINDS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
};

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Record<string, {shape: number[], data: ArrayLike<number>}>>}
 */
export async function readNpz(bytes) {
  const arrays = {};
  for (const [name, read] of readZip(bytes)) arrays[name.replace(/\.npy$/, "")] = readNpy(await read());
  return arrays;
}

/** One array: six bytes of magic, the version, a header that is a Python dict, then the values. */
export function readNpy(bytes) {
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") throw new Error("this is no .npy");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6] > 1; // from version 2 the header's length takes four bytes
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const kind = /'descr': '([^']+)'/.exec(header)?.[1];
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((n) => n.trim()).map(Number);
  const Kind = KINDS[kind];
  if (!Kind || /'fortran_order': True/.test(header)) throw new Error(`an array of ${kind} is not read here`);
  const count = shape.reduce((a, b) => a * b, 1);
  if (bytes.length - end !== count * Kind.BYTES_PER_ELEMENT) throw new Error("the .npy is not as long as it says");
  const data = new Kind(bytes.slice(end).buffer); // a copy: the values must start at a multiple of their size
  return { shape, data: Kind === BigInt64Array ? Float64Array.from(data, Number) : data };
}
