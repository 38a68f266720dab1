"""Open a picture and resize it for a model; training images and later input go through the same code."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from PIL import Image

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.image._flat import Colour, Span, in_strips, plain
from diabolo.runtime.image.formats import formats
from diabolo.runtime.listing import check_file

__all__ = [
    "MAX_PIXELS",
    "RESIZE",
    "Colour",
    "Span",
    "check",
    "check_pixels",
    "coarsen",
    "crop_box",
    "fit",
    "flatten",
    "load",
    "max_pixels",
    "opened",
    "orientation",
]


RESIZE = {
    "crop": "scale to cover the size, cut off the rest",
    "pad": "scale to fit inside, fill the rest with the background",
    "fit": "stretch to the size, whatever the proportions",
}
MAX_PIXELS = 100_000_000  # by default; a picture with more is refused as a decompression bomb
_COARSE = 4  # a JPEG that is decoded at a reduced size may have this many times as many pixels

_GAP = 3.0  # Pillow reduces by a whole factor first, to this many times the size: fast, and nearly the same
_LARGE = 2**24  # pixels; larger pictures are flattened and reduced strip by strip
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
_warnings = threading.Lock()  # warning filters, and Pillow's limit, belong to the whole process


def check(resize: str) -> None:
    """Check that `resize` is one of RESIZE.

    Raises:
        UnknownNameError: it is not.
    """
    if resize not in RESIZE:
        raise UnknownNameError("resize", resize, RESIZE)


def check_pixels(picture: Image.Image, most: int | None = None) -> None:
    """Check the number of a picture's pixels.

    Args:
        picture: opened; its pixels need not be read.
        most: how many it may have, for a picture that is kept at its own size; by default `max_pixels()`.

    Raises:
        ValueError: the picture has no pixels, or more than that.
    """
    count = picture.width * picture.height
    if most is not None and count > most:
        raise ValueError(
            f"it has {count:,} pixels, more than {most:,}; "
            f"--max-pixels {count} raises the limit (max_pixels={count} in Python)"
        )
    _check_pixels(picture, max_pixels() if most is None else most)


def _check_pixels(picture: Image.Image, most: int) -> None:
    if not picture.width or not picture.height:
        raise ValueError("it has no pixels")
    if picture.width * picture.height > most:
        # rounded up: this number as the limit lets the picture pass
        millions, limit = -(-picture.width * picture.height // 10**6), max_pixels() // 10**6
        raise ValueError(
            f"it has {millions:,} million pixels, more than {limit:,} million; "
            f"the environment variable DIABOLO_MEGAPIXELS={millions} raises the limit"
        )


def max_pixels(default: int | None = None) -> int:
    """The most pixels that a picture may have: `DIABOLO_MEGAPIXELS`, in millions, or else the default.

    Args:
        default: MAX_PIXELS if it is left out.

    Raises:
        ValueError: `DIABOLO_MEGAPIXELS` is not a whole number, at least 1.
    """
    given = os.environ.get("DIABOLO_MEGAPIXELS", "")
    if not given:
        return MAX_PIXELS if default is None else default
    if not given.isdecimal() or not int(given):
        raise ValueError(
            f"DIABOLO_MEGAPIXELS {given!r} is not possible; it must be a number of millions, such as 200"
        )
    return int(given) * 10**6


@contextmanager
def opened(source: str | os.PathLike[str] | IO[bytes], most: int | None = None) -> Iterator[Image.Image]:
    """Open a picture in one of `formats()` and read its header; its pixels are read later.

    A JPEG may have four times as many pixels as other pictures, unless it is progressive, since `coarsen` can
    have it decoded at a reduced size. If it is not, call `check_pixels` before its pixels are read.

    Paths that are not regular files (but named pipes, devices, folders) are not opened.

    Args:
        source: a path, or a file opened for reading bytes.
        most: how many pixels it may have, whatever its format; by default as said above.

    Raises:
        ValueError: the header declares no pixels, or too many.
        OSError: there is no regular file at the path; `strerror` says what there is.
        Exception: Pillow's decoders raise nearly any type: OSError, SyntaxError, struct.error, KeyError, ...
    """
    if isinstance(source, str | os.PathLike):
        check_file(source)
    # Pillow warns from 90 million pixels on, below MAX_PIXELS
    with _warnings, warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
        try:
            picture: Image.Image = Image.open(source, formats=formats())
        except Image.DecompressionBombError:  # from 179 million pixels on
            picture = _open_unlimited(source)
    with picture:
        if most is None:
            baseline = picture.format == "JPEG" and "progressive" not in picture.info
            _check_pixels(picture, max_pixels() * (_COARSE if baseline else 1))
        else:
            check_pixels(picture, most)
        yield picture


def _open_unlimited(source: str | os.PathLike[str] | IO[bytes]) -> Image.Image:
    """Read a header without Pillow's limit; ours is checked before any pixel is read."""
    if not isinstance(source, str | os.PathLike):
        source.seek(0)
    with _without_limit():
        return Image.open(source, formats=formats())


def load(picture: Image.Image) -> None:
    """Decode an opened picture whose size was checked; Pillow would check a TIFF by its own limit again."""
    if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or 0):
        with _warnings, _without_limit():
            picture.load()
    else:
        picture.load()


@contextmanager
def _without_limit() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def coarsen(picture: Image.Image, size: tuple[int, int]) -> None:
    """Let an opened JPEG be decoded at a reduced size, at least twice `size`; other formats do not change.

    Args:
        picture: opened, its pixels not yet read.
        size: the size it will be resized to, `(height, width)` in pixels.
    """
    picture.draft(None, (2 * max(size), 2 * max(size)))


def flatten(
    picture: Image.Image, ground: Colour, size: tuple[int, int] | None = None, span: Span | None = None
) -> Image.Image:
    """Convert a picture to mode L or RGB, upright as its EXIF orientation says, without transparency.

    Grey values of more than 8 bits are scaled: those of `span`, or else integers from 0 to 65535 and floats
    from 0 to 1.

    Args:
        picture: of any mode.
        ground: the colour behind transparent pixels.
        size: the size it will be resized to, `(height, width)` in pixels. A picture of more than 16 million
            pixels is then reduced to no less than three times that, which saves memory.
        span: the grey values that become black and white in a picture of more than 8 bits; those beyond are
            clipped.

    Raises:
        ValueError: there are too many pixels; grey values are not numbers or, without a `span`, outside
            their range.
    """
    check_pixels(picture)
    picture.load()
    turn = orientation(picture)
    flat = in_strips(picture, ground, size, span, _GAP) if picture.width * picture.height > _LARGE else None
    flat = flat or plain(picture, ground, span)
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


__getattr__ = old_names(
    __name__, {"covering": "crop_box", "FORMATS": "diabolo.runtime.image.formats:formats()"}
)
