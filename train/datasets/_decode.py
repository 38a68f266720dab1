"""Image files to arrays: every mode Pillow opens becomes grey or colour uint8 of one size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from diabolo.train.datasets._base import Split
from diabolo.train.datasets._fitting import Fitting
from diabolo.train.errors import DataError

__all__ = ["EXTENSIONS", "Decoded", "Size", "decode", "fit_split", "measure"]

EXTENSIONS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "pgm", "ppm")

Size: TypeAlias = tuple[int, int]  # (height, width) in pixels
Source: TypeAlias = str | os.PathLike[str] | IO[bytes]

# Whatever a file's name says, only these decoders see it: Pillow's others may call programs (EPS).
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_MAX_PIXELS = 100_000_000  # declared in the header; more is taken for a decompression bomb
_ORIENTATION = 0x0112  # EXIF tag: 1 is upright, values from 5 on lie on their side
_WIDTH = 0x0100  # TIFF tag
_GREY = ("1", "L", "LA", "F")  # and whatever starts with I


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An image as an array.

    Attributes:
        pixels: uint8 `(channels, height, width)`: 1 channel where it is grey, else 3 (RGB).
        size: `(height, width)` in pixels before it was fitted.
    """

    pixels: NDArray[np.uint8]
    size: Size


def measure(source: Source) -> tuple[Size, bool]:
    """`(height, width)` in pixels as the image will stand, and whether it is surely grey: from its header.

    Raises:
        DataError: it is not an image, or too large; the message is the bare reason.
    """
    with _opened(source) as image:
        lies = _orientation(image) >= 5 and not _turned(image)
        size = (image.width, image.height) if lies else (image.height, image.width)
        return size, image.mode in _GREY or image.mode.startswith("I")


def decode(source: Source, size: Size | None, fitting: Fitting) -> Decoded:
    """The image at `size`, `(height, width)` in pixels; None leaves it as large as it is.

    EXIF orientation is applied, transparency laid on the background, the first frame taken. Where the
    fitting leaves the colour open, RGB with equal channels is grey.

    Raises:
        DataError: it cannot be decoded; the message is the bare reason.
    """
    with _opened(source) as image:
        width, height = image.size
        if size:
            image.draft(None, (2 * max(size), 2 * max(size)))  # JPEG: decode no finer than is of use
        image.load()
        turn = _orientation(image)
        before = (width, height) if turn >= 5 else (height, width)
        plain = _plain(ImageOps.exif_transpose(image) if turn > 1 else image, fitting)
    # here an error is ours and no fault of the file
    return Decoded(pixels=_pixels(fitting.apply(plain, size or before), fitting), size=before)


def fit_split(split: Split, fitting: Fitting) -> Split:
    """The split with its images brought to the fitting's size and colour; nothing asked, nothing changed."""
    images = split.images[:]
    size = fitting.image_size
    if size and size != images.shape[2:]:
        first = [_again(image, fitting, size) for image in images]
        images = np.stack(first) if first else np.empty((0, images.shape[1], *size), np.uint8)
    if fitting.colour is True and images.shape[1] == 1:
        images = np.repeat(images, 3, axis=1)
    if fitting.colour is False and images.shape[1] == 3:
        images = _luma(images)
    return split if images.shape == split.images.shape else replace(split, images=images)


def _again(image: NDArray[np.uint8], fitting: Fitting, size: Size) -> NDArray[np.uint8]:
    picture = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
    pixels = np.asarray(fitting.apply(picture, size))
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _luma(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB to grey by the weights of ITU-R BT.601, as Pillow's `convert("L")`, in one call for all rows."""
    count, _, height, width = images.shape
    flat = images.transpose(0, 2, 3, 1).reshape(count * height, width, 3)
    return np.asarray(Image.fromarray(flat).convert("L")).reshape(count, 1, height, width)


def _pixels(image: Image.Image, fitting: Fitting) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels[None]
    if fitting.colour is None and (pixels == pixels[..., :1]).all():
        return np.ascontiguousarray(pixels[None, ..., 0])
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _orientation(image: Image.Image) -> int:
    # getexif() would decode a whole PNG to look behind its pixels; once it is decoded, `info` has them
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    value = image.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def _turned(image: Image.Image) -> bool:
    """Whether Pillow declares the size as the image will stand, as its newer versions do for TIFF."""
    return bool(getattr(image, "tag_v2", {}).get(_WIDTH, image.width) != image.width)


def _plain(image: Image.Image, fitting: Fitting) -> Image.Image:
    """In mode L or RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_deep(image))
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, fitting.ground)
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _deep(image: Image.Image) -> NDArray[np.uint8]:
    """Grey of more than 8 bits: integers are 0 to 65535, floats 0 to 1."""
    values = np.asarray(image).astype(np.float32)
    top = 1.0 if image.mode == "F" else 65535.0
    if not ((values >= 0) & (values <= top)).all():
        raise ValueError(f"values outside 0 to {top:g}")
    grey: NDArray[np.uint8] = np.rint(values * (255 / top)).astype(np.uint8)
    return grey


@contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    """The file opened by Pillow; whatever goes wrong, here or in the block, is a DataError."""
    try:
        # odd metadata are not the user's concern, and sizes are checked here
        with warnings.catch_warnings(action="ignore"), Image.open(source, formats=_FORMATS) as image:
            if not 0 < image.width * image.height <= _MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels are too many or none")
            yield image
    except MemoryError as error:
        raise DataError("too large for the memory") from error
    except Exception as error:
        # Pillow's decoders raise nearly anything on bad bytes: OSError, SyntaxError, struct.error, KeyError.
        raise DataError(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__
