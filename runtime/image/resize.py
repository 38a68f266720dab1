"""How a picture is opened and fitted to a model: one way for what it learns from and for what it is given."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias

import numpy as np
from PIL import Image

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.listing import check_file

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "RESIZE",
    "Colour",
    "check",
    "check_pixels",
    "coarsen",
    "covering",
    "fit",
    "flatten",
    "opened",
    "orientation",
]

Colour: TypeAlias = tuple[int, int, int]  # red, green, blue; 0 to 255

RESIZE = {
    "crop": "scale to cover the size, cut what sticks out",
    "pad": "scale to fit inside, fill the rest with the background",
    "fit": "stretch to the size, whatever the proportions",
}
# Whatever a file's name says, only these decoders see it: Pillow's others may call programs (EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
MAX_PIXELS = 100_000_000  # declared in the header; more is taken for a decompression bomb

_GAP = 3.0  # Pillow shrinks by whole steps first and leaves the filter this much: fast, and nearly the same
_LARGE = 2**24  # pixels from which a picture is flattened strip by strip, and shrunk meanwhile
_STRIP = 2**20  # pixels of a strip
_ORIENTATION = 0x0112  # EXIF tag: 1 is upright, values from 5 on lie on their side
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_warnings = threading.Lock()  # the filters of warnings are the whole process's


def check(resize: str) -> None:
    """See that `resize` is one of RESIZE.

    Raises:
        UnknownNameError: it is not.
    """
    if resize not in RESIZE:
        raise UnknownNameError("resize", resize, RESIZE)


def check_pixels(picture: Image.Image) -> None:
    """See that the picture has pixels, and not too many.

    Raises:
        ValueError: it has none, or more than MAX_PIXELS.
    """
    if not picture.width or not picture.height:
        raise ValueError("it has no pixels")
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(_too_many())


@contextmanager
def opened(source: str | os.PathLike[str] | IO[bytes]) -> Iterator[Image.Image]:
    """A file of one of FORMATS, its header read and its pixels not yet.

    What is not a regular file (a named pipe, a device, a folder) is not opened.

    Raises:
        ValueError: it declares no pixels, or more than MAX_PIXELS.
        OSError: `source` is a path and there is no file; `strerror` says what there is.
        Exception: nearly any; Pillow's decoders raise OSError, SyntaxError, struct.error, KeyError.
    """
    if isinstance(source, str | os.PathLike):
        check_file(source)
    try:
        # Pillow warns of pictures somewhat smaller than MAX_PIXELS
        with _warnings, warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            picture = Image.open(source, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(_too_many()) from None
    with picture:
        check_pixels(picture)
        yield picture


def coarsen(picture: Image.Image, size: tuple[int, int]) -> None:
    """Have an opened JPEG decoded no finer than is of use at `size`, `(height, width)` in pixels."""
    picture.draft(None, (2 * max(size), 2 * max(size)))


def flatten(picture: Image.Image, ground: Colour, size: tuple[int, int] | None = None) -> Image.Image:
    """The picture upright, as its EXIF data say, in mode L or RGB, what is transparent laid on `ground`.

    Grey of more than 8 bits is scaled: integers are 0 to 65535, floats 0 to 1. A very large picture comes
    out smaller, though three times as large as `size`, `(height, width)` in pixels, or larger.

    Raises:
        ValueError: values are outside their range.
    """
    picture.load()
    turn = orientation(picture)
    flat = _in_strips(picture, ground, size) if picture.width * picture.height > _LARGE else None
    flat = flat or _plain(picture, ground)
    return flat.transpose(_TURNS[turn]) if turn in _TURNS else flat


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none."""
    # getexif() would decode a whole PNG to look behind its pixels; once it is decoded, `info` has them
    if picture.format == "PNG" and "exif" not in picture.info:
        return 1
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def fit(picture: Image.Image, width: int, height: int, resize: str, padding: Colour) -> Image.Image:
    """The picture, in mode L or RGB, at `width` x `height` pixels; as it is where it has that size.

    Raises:
        UnknownNameError: `resize` is not one of RESIZE.
    """
    check(resize)
    how = Image.Resampling.LANCZOS
    if picture.size == (width, height):
        return picture
    if resize == "crop":
        return picture.resize((width, height), how, covering(picture, width, height), _GAP)
    if resize == "fit":
        return picture.resize((width, height), how, reducing_gap=_GAP)
    scale = min(width / picture.width, height / picture.height)
    inner = (
        min(width, max(1, round(picture.width * scale))),
        min(height, max(1, round(picture.height * scale))),
    )
    ground = Image.new("RGB", (1, 1), padding).convert(picture.mode).getpixel((0, 0))
    out = Image.new(picture.mode, (width, height), ground)
    small = picture if picture.size == inner else picture.resize(inner, how, reducing_gap=_GAP)
    out.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return out


def covering(picture: Image.Image, width: int, height: int) -> tuple[float, float, float, float]:
    """The middle of the picture with the proportions of `width` x `height`: left, top, right, bottom."""
    scale = min(picture.width / width, picture.height / height)
    left = max(0.0, (picture.width - width * scale) / 2)  # rounding may give a hair less than nothing
    top = max(0.0, (picture.height - height * scale) / 2)
    return left, top, picture.width - left, picture.height - top


def _too_many() -> str:
    return f"it has more than {MAX_PIXELS // 10**6} million pixels"


def _plain(picture: Image.Image, ground: Colour) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture)
    if picture.has_transparency_data:
        under = Image.new("RGBA", picture.size, ground)
        return Image.alpha_composite(under, picture.convert("RGBA")).convert("RGB")
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float32)
    top = 1.0 if picture.mode == "F" else 65535.0
    if not ((values >= 0) & (values <= top)).all():
        raise ValueError(f"values outside 0 to {top:g}")
    return Image.fromarray(np.rint(values * (255 / top)).astype(np.uint8))


def _in_strips(picture: Image.Image, ground: Colour, size: tuple[int, int] | None) -> Image.Image | None:
    """As `_plain`, shrunk by a whole number: whole, it would take four times its memory."""
    width, height = picture.size
    step = max(1, min(width, height) // round(_GAP * max(size))) if size else 1
    rows = step * max(1, _STRIP // (width * step))
    out = None
    for top in range(0, height, rows):
        strip = _plain(picture.crop((0, top, width, min(top + rows, height))), ground)
        small = strip.reduce(step) if step > 1 else strip
        out = out or Image.new(small.mode, (small.width, -(-height // step)))
        out.paste(small, (0, top // step))
    return out
