"""Bundles that somebody made to hurt whoever opens them; each is small on disk, whatever it says."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _coded import save_coded

from diabolo.runtime.bundle import manifest

Document = dict[str, Any]


def packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A .zip of files by their names."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sound(tmp_path: Path) -> dict[str, bytes]:
    """The files of a bundle that is what it should be."""
    return contents(save_coded(tmp_path / "sound"))


def sealed(files: dict[str, bytes], change: Callable[[Document], Any] = lambda _: None) -> dict[str, bytes]:
    """With a model.json that lists them all by their right hashes, after `change` did something to it."""
    document = json.loads(files["model.json"])
    roles = {name: entry["role"] for name, entry in document["files"].items()}
    document["files"] = {
        name: {"role": roles.get(name, "other"), "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        for name, raw in files.items()
        if name != "model.json"
    }
    change(document)
    return files | {"model.json": manifest.seal(document)}


def zeros(size: int) -> tuple[bytes, int]:
    """So many zeros deflated, and their checksum; they never lie in memory."""
    squeeze, block, crc = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(1 << 20), 0
    parts = []
    for _ in range(size >> 20):
        parts.append(squeeze.compress(block))
        crc = zlib.crc32(block, crc)
    return b"".join([*parts, squeeze.flush()]), crc


def entry(
    name: bytes,
    data: bytes,
    size: int,
    crc: int,
    *,
    at: int = 0,
    method: int = 8,
    flags: int = 0,
    attributes: int = 0,
) -> tuple[bytes, bytes]:
    """An entry of a .zip with its data, and its record in the directory: both say what they are told."""
    both = struct.pack("<HHHHHIIIH", 20, flags, method, 0, 0x21, crc, len(data), size, len(name))
    local = b"PK\x03\x04" + both + b"\0\0" + name + data
    record = b"PK\x01\x02\x14\x03" + both + bytes(8) + struct.pack("<II", attributes, at) + name
    return local, record


def end(count: int, size: int, at: int) -> bytes:
    """The end of a .zip: so many entries, in a directory of `size` bytes at `at`."""
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, size, at, 0)


def by_hand(path: Path, *entries: tuple[bytes, bytes]) -> Path:
    """A .zip of entries made by `entry`, which lie where each was told to lie."""
    body, records = b"".join(local for local, _ in entries), b"".join(record for _, record in entries)
    path.write_bytes(body + records + end(len(entries), len(records), len(body)))
    return path


def varint(value: int) -> bytes:
    """As protobuf writes a whole number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def inside(number: int, raw: bytes) -> bytes:
    """A message, text or bytes as a field of another message."""
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def npy(header: str, data: bytes = b"") -> bytes:
    """An array with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def npz(path: Path, arrays: dict[str, Any]) -> bytes:
    """Arrays, or the bytes of a .npy each, as an .npz."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            if isinstance(array, bytes):
                archive.writestr(f"{name}.npy", array)
            else:
                with archive.open(f"{name}.npy", "w") as file:
                    np.save(file, array, allow_pickle=False)
    return path.read_bytes()
