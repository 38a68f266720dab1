"""What the file of a photograph says besides its pixels, as Pillow reads it."""

from __future__ import annotations

import io
import math
import os
import struct
from typing import Any

from PIL import Image, JpegImagePlugin

from diabolo.runtime.image.photo._exif import upright, upright_xmp
from diabolo.runtime.image.photo._photo import JpegSettings, Metadata

__all__ = ["is_lossless_webp", "jpeg_settings", "metadata"]

_RAW = "Raw profile type "  # of old PNG files: a headline, a length, and hexadecimal digits
_XMP = "XML:com.adobe.xmp"


def metadata(picture: Image.Image, *, same_colours: bool, exif: bytes | None, turned: bool) -> Metadata:
    """What the file of a loaded picture says.

    Args:
        picture: loaded.
        same_colours: whether its ICC profile still holds.
        exif: if it was taken from elsewhere than `picture.info`.
        turned: whether the pixels were turned by 90 degrees.
    """
    info = picture.info
    icc = info.get("icc_profile")
    raw = exif or info.get("exif") or _raw_exif(info)
    xmp = info.get("xmp")
    dpi = _dpi(info.get("dpi"))
    return Metadata(
        icc=icc if same_colours and isinstance(icc, bytes) and icc else None,
        colours=tuple(_colour_chunks(info)) if same_colours and picture.format == "PNG" else (),
        dpi=dpi[::-1] if dpi and turned else dpi,
        exif=upright(raw, turned=turned) if isinstance(raw, bytes) else None,
        xmp=upright_xmp(xmp) if isinstance(xmp, bytes) and xmp else None,
        comments=tuple(_comments(picture)),
    )


def _raw_exif(info: dict[Any, Any]) -> bytes | None:
    text = info.get(f"{_RAW}exif")
    try:
        return bytes.fromhex("".join(text.split("\n")[3:])) if isinstance(text, str) else None
    except ValueError:
        return None


def _dpi(given: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in given)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    good = all(math.isfinite(value) and 0 < value < 1e6 for value in (across, down))
    return (across, down) if good else None


def _colour_chunks(info: dict[Any, Any]) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file that say which colours its numbers are, as they stand in the file."""
    found = []
    if isinstance(white := info.get("chromaticity"), tuple) and len(white) == 8:
        found.append((b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in white))))
    if isinstance(gamma := info.get("gamma"), float):
        found.append((b"gAMA", struct.pack(">I", round(gamma * 100_000))))
    if isinstance(intent := info.get("srgb"), int):
        found.append((b"sRGB", bytes([intent])))
    return found


def _comments(picture: Image.Image) -> list[tuple[str, str]]:
    if picture.format == "PNG":
        texts = getattr(picture, "text", {})
        return [(key, str(text)) for key, text in texts.items() if key != _XMP and not key.startswith(_RAW)]
    comment = picture.info.get("comment")
    return [("Comment", comment.decode("latin-1"))] if isinstance(comment, bytes) and comment else []


def jpeg_settings(picture: Image.Image) -> JpegSettings | None:
    """How an opened JPEG is compressed."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    known = picture.quantization
    # of brightness and of the first colour; a grey picture has one
    layers = getattr(picture, "layer", [])[:2]
    tables = tuple(tuple(known[layer[3]]) for layer in layers if layer[3] in known)
    sampling = JpegImagePlugin.get_sampling(picture)
    return JpegSettings(
        tables=tables,
        subsampling=sampling if sampling in (0, 1, 2) else 0,
        progressive=bool(picture.info.get("progressive")),
    )


def is_lossless_webp(source: str | os.PathLike[str] | bytes) -> bool:
    """Whether the first picture of a WebP file is compressed without loss."""
    with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:  # noqa: PTH123
        file.seek(12)
        while len(head := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", head)
            if kind in (b"VP8L", b"VP8 "):
                return bool(kind == b"VP8L")
            # a frame of an animation holds such chunks behind 16 bytes
            file.seek(16 if kind == b"ANMF" else size + size % 2, os.SEEK_CUR)
    return False
