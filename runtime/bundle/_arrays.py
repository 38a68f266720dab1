"""Read an untrusted .npz of plain numbers; its directory and its arrays' headers are checked first."""

from __future__ import annotations

import io
import re
import zipfile
from math import prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle._archive import ZIP_ERRORS, BoundedFile
from diabolo.runtime.bundle._entries import check_unpacked
from diabolo.runtime.bundle.limits import BundleLimits

__all__ = ["read_arrays"]

_DIMENSIONS = 32  # the most dimensions of an array; a latent has at most 16, and the batch is one more
_LONGEST = 10_000  # the most bytes of a header, as in numpy
# https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, limited to plain numbers
_HEADER = re.compile(
    rb"\s*\{\s*'descr'\s*:\s*'([<>|=]?[fiu]\d{1,2})'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,"
    rb"\s*'shape'\s*:\s*\(([0-9, ]*)\)\s*,?\s*\}\s*"
)


def read_arrays(raw: bytes, limits: BundleLimits) -> dict[str, NDArray[np.generic]]:
    """Read the arrays of an .npz.

    Args:
        raw: the bytes of the .npz.
        limits: of the number of arrays and of their size.

    Returns:
        The arrays, by name.

    Raises:
        ValueError: this is not an .npz, it is larger than the limits allow, or an array does not match its
            header.
    """
    file = BoundedFile(lambda: io.BytesIO(raw), len(raw), limits.array_count)
    try:
        with file.opened(), zipfile.ZipFile(file) as archive:
            file.reading_directory = False
            entries = archive.infolist()
            if len({entry.filename for entry in entries}) < len(entries):
                raise ValueError("it holds two arrays of the same name")
            if wrong := check_unpacked(entries, limits.arrays, limits):
                raise ValueError(f"it {wrong}")
            return {entry.filename.removesuffix(".npy"): _member(archive, entry) for entry in entries}
    except ZIP_ERRORS as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[np.generic]:
    with archive.open(entry) as member:
        return _array(member.read(entry.file_size + 1), entry.filename)


def _array(raw: bytes, name: str) -> NDArray[np.generic]:
    """Read one .npy of plain numbers; its size must match its header."""
    if raw[:6] != b"\x93NUMPY" or len(raw) < 12:
        raise ValueError(f"{name!r} is not an .npy file")
    start = 10 if raw[6] == 1 else 12
    length = int.from_bytes(raw[8:start], "little")
    if length > _LONGEST:
        raise ValueError(f"{name!r} has a header of {length:,} bytes; {_LONGEST:,} are allowed")
    header = _HEADER.fullmatch(raw, start, start + length)
    if not header:
        text = raw[start : start + length].decode("latin-1").strip()
        raise ValueError(f"{name!r} is not an array of plain numbers: its header is {text[:80]!r}")
    shape = tuple(int(side) for side in header[3].split(b",") if side.strip())
    try:
        dtype = np.dtype(header[1].decode())
    except TypeError:
        raise ValueError(f"{name!r} has the unknown type {header[1].decode()!r}") from None
    if len(shape) > _DIMENSIONS:
        raise ValueError(f"{name!r} has {len(shape)} dimensions; {_DIMENSIONS} are allowed")
    values = len(raw) - start - length
    if prod(shape) * dtype.itemsize != values:
        raise ValueError(
            f"{name!r} has {values:,} bytes of values, not those of its header: {dtype}, shape "
            f"{_short(shape)}"
        )
    flat: NDArray[np.generic] = np.frombuffer(raw, dtype, offset=start + length)
    return flat.reshape(shape, order="F" if header[2] == b"True" else "C")


def _short(shape: tuple[int, ...]) -> str:
    return str(shape)[:80]
