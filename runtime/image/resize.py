"""Open a picture and resize it for a model; training images and later input go through the same code."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias

import numpy as np
from PIL import Image

from diabolo.runtime._old_names import old_names
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
    "crop_box",
    "fit",
    "flatten",
    "opened",
    "orientation",
]

Colour: TypeAlias = tuple[int, int, int]  # red, green, blue; 0 to 255

RESIZE = {
    "crop": "scale to cover the size, cut off the rest",
    "pad": "scale to fit inside, fill the rest with the background",
    "fit": "stretch to the size, whatever the proportions",
}
# Only these decoders are used, whatever a file's name is: others in Pillow may run programs (EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
MAX_PIXELS = 100_000_000  # in the header; a picture with more is refused as a decompression bomb

_GAP = 3.0  # Pillow reduces by a whole factor first, to this many times the size: fast, and nearly the same
_LARGE = 2**24  # pixels; larger pictures are flattened and reduced strip by strip
_STRIP = 2**20  # pixels in a strip
_ORIENTATION = 0x0112  # EXIF tag: 1 is upright; 5 to 8 are turned by 90 degrees
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_warnings = threading.Lock()  # warning filters belong to the whole process


def check(resize: str) -> None:
    """Check that `resize` is one of RESIZE.

    Raises:
        UnknownNameError: it is not.
    """
    if resize not in RESIZE:
        raise UnknownNameError("resize", resize, RESIZE)


def check_pixels(picture: Image.Image) -> None:
    """Check the number of a picture's pixels.

    Raises:
        ValueError: the picture has no pixels, or more than MAX_PIXELS.
    """
    if not picture.width or not picture.height:
        raise ValueError("it has no pixels")
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(_too_many())


@contextmanager
def opened(source: str | os.PathLike[str] | IO[bytes]) -> Iterator[Image.Image]:
    """Open a picture in one of FORMATS and read its header; its pixels are read later.

    Paths that are not regular files (but named pipes, devices, folders) are not opened.

    Args:
        source: a path, or a file opened for reading bytes.

    Raises:
        ValueError: the header declares no pixels, or more than MAX_PIXELS.
        OSError: there is no regular file at the path; `strerror` says what there is.
        Exception: Pillow's decoders raise nearly any type: OSError, SyntaxError, struct.error, KeyError, ...
    """
    if isinstance(source, str | os.PathLike):
        check_file(source)
    try:
        # Pillow warns from 90 million pixels on, below MAX_PIXELS
        with _warnings, warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            picture = Image.open(source, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(_too_many()) from None
    with picture:
        check_pixels(picture)
        yield picture


def coarsen(picture: Image.Image, size: tuple[int, int]) -> None:
    """Let an opened JPEG be decoded at a reduced size, at least twice `size`; other formats do not change.

    Args:
        picture: opened, its pixels not yet read.
        size: the size it will be resized to, `(height, width)` in pixels.
    """
    picture.draft(None, (2 * max(size), 2 * max(size)))


def flatten(picture: Image.Image, ground: Colour, size: tuple[int, int] | None = None) -> Image.Image:
    """Convert a picture to mode L or RGB, upright as its EXIF orientation says, without transparency.

    Grey values of more than 8 bits are scaled: integers from 0 to 65535, floats from 0 to 1.

    Args:
        picture: of any mode.
        ground: the colour behind transparent pixels.
        size: the size it will be resized to, `(height, width)` in pixels. A picture of more than 16 million
            pixels is then reduced to no less than three times that, which saves memory.

    Raises:
        ValueError: grey values are outside their range.
    """
    picture.load()
    turn = orientation(picture)
    flat = _in_strips(picture, ground, size) if picture.width * picture.height > _LARGE else None
    flat = flat or _plain(picture, ground)
    return flat.transpose(_TURNS[turn]) if turn in _TURNS else flat


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation of a picture, 1 to 8; 1 if there is none."""
    # getexif() would decode a whole PNG to find data after the pixels; `info` has them once it is decoded
    if picture.format == "PNG" and "exif" not in picture.info:
        return 1
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def fit(picture: Image.Image, width: int, height: int, resize: str, padding: Colour) -> Image.Image:
    """Resize a picture; one that has the size already is returned as it is.

    Args:
        picture: in mode L or RGB.
        width: in pixels.
        height: in pixels.
        resize: one of RESIZE.
        padding: the colour around the picture for 'pad'.

    Raises:
        UnknownNameError: `resize` is not one of RESIZE.
    """
    check(resize)
    how = Image.Resampling.LANCZOS
    if picture.size == (width, height):
        return picture
    if resize == "crop":
        return picture.resize((width, height), how, crop_box(picture, width, height), _GAP)
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


def crop_box(picture: Image.Image, width: int, height: int) -> tuple[float, float, float, float]:
    """The largest box in the middle of a picture with the proportions of `width` x `height`.

    Returns:
        left, top, right, bottom, in pixels; not rounded.
    """
    scale = min(picture.width / width, picture.height / height)
    left = max(0.0, (picture.width - width * scale) / 2)  # rounding errors may make it slightly negative
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
    """As `_plain`, reduced by a whole factor, strip by strip, which takes a quarter of the memory."""
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


__getattr__ = old_names(__name__, {"covering": "crop_box"})
