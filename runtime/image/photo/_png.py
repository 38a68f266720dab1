"""Write PNG files of 8 and 16 bits a channel; Pillow writes 16 bits of grey pictures only.

The format: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.photo._photo import Metadata, Photo
from diabolo.runtime.image.photo._strips import channels_of, strips

__all__ = ["write_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # by samples in a pixel
_PIECE = 1 << 18  # bytes of an IDAT chunk, at least
_INCH = 0.0254  # metres
_LONGEST_KEY = 79  # characters of a keyword


def write_png(photo: Photo, file: IO[bytes], metadata: Metadata) -> None:
    """Write a photograph as a PNG file.

    Args:
        photo: of 8 or 16 bits, with or without alpha.
        file: opened for writing bytes.
        metadata: in the place of that of the photograph.
    """
    channels, bits = channels_of(photo), 8 * photo.pixels.dtype.itemsize
    file.write(_SIGNATURE)
    file.write(_chunk(b"IHDR", struct.pack(">IIBBBBB", *photo.size, bits, _COLOUR_TYPE[channels], 0, 0, 0)))
    for kind, content in _about(metadata):
        file.write(_chunk(kind, content))
    for piece in _compressed(photo, channels * bits // 8):
        file.write(_chunk(b"IDAT", piece))
    file.write(_chunk(b"IEND", b""))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return b"".join(
        (struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(kind + content)))
    )


def _about(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    # a profile and sRGB exclude each other
    yield from (entry for entry in metadata.colours if not (metadata.icc and entry[0] == b"sRGB"))
    if metadata.icc:
        yield b"iCCP", b"ICC Profile\0\0" + zlib.compress(metadata.icc)
    if metadata.dpi:
        yield b"pHYs", struct.pack(">IIB", *(round(value / _INCH) for value in metadata.dpi), 1)
    if metadata.exif:
        yield b"eXIf", metadata.exif
    if metadata.xmp:
        yield b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp
    for key, text in metadata.comments:
        yield _text(key.encode("latin-1", "replace")[:_LONGEST_KEY] or b"Comment", text)


def _text(key: bytes, text: str) -> tuple[bytes, bytes]:
    try:
        return b"tEXt", key + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", key + b"\0\0\0\0\0" + text.encode("utf-8")


def _compressed(photo: Photo, step: int) -> Iterator[bytes]:
    """The content of the IDAT chunks; `step` bytes make a pixel."""
    compressor = zlib.compressobj()
    above = np.zeros(photo.pixels.shape[1] * step, np.uint8)
    waiting = bytearray()
    for strip in strips(photo):
        ordered = np.ascontiguousarray(strip.astype(">u2") if strip.dtype == np.uint16 else strip)
        rows = ordered.view(np.uint8).reshape(len(strip), -1)
        waiting += compressor.compress(_filtered(rows, above, step))
        above = rows[-1]
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + compressor.flush()


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> bytes:
    """Each row with the filter whose result has the smallest sum of absolute differences, the usual choice.

    Args:
        rows: bytes, `(rows, length)`.
        above: the row above the first one.
        step: bytes in a pixel.
    """
    up = np.concatenate([above[None], rows[:-1]])
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, step:], corner[:, step:] = rows[:, :-step], up[:, :-step]
    average = ((left.astype(np.uint16) + up) >> 1).astype(np.uint8)
    best = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    least = np.full(len(rows), np.iinfo(np.int64).max)
    for number, guess in enumerate((0, left, up, average, _paeth(left, up, corner))):
        made = rows - guess if number else rows
        cost = np.minimum(made, 0 - made).sum(axis=1, dtype=np.int64)  # of signed bytes
        better = cost < least
        least[better] = cost[better]
        best[better, 0] = number
        best[better, 1:] = made[better]
    return best.tobytes()


def _paeth(left: NDArray[np.uint8], up: NDArray[np.uint8], corner: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of the three neighbours the one closest to left + up - corner; in doubt left, then up."""
    a, b, c = (values.astype(np.int16) for values in (left, up, corner))
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    chosen: NDArray[np.uint8] = np.where(
        (to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner)
    )
    return chosen
