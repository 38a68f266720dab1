"""Image files to arrays: every mode that Pillow opens becomes grey or RGB uint8 of one size."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from diabolo.runtime.image.formats import endings
from diabolo.runtime.image.resize import check_pixels, coarsen, flatten, opened, orientation
from diabolo.train.datasets._base import Split
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.errors import DataError

__all__ = ["EXTENSIONS", "Decoded", "PassingError", "Size", "decode", "fit_images", "fit_split", "measure"]

EXTENSIONS = tuple(ending.removeprefix(".") for ending in endings())

Size: TypeAlias = tuple[int, int]  # (height, width) in pixels
Source: TypeAlias = str | os.PathLike[str] | IO[bytes]

_GREY = ("1", "L", "LA", "F")  # and whatever starts with I
_WIDTH = 0x0100  # TIFF tag
_PASSING = (errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN, errno.ETIMEDOUT)


class PassingError(DataError):
    """The image cannot be decoded now, for a temporary reason that is not the file's fault."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An image as an array.

    Attributes:
        pixels: uint8 `(channels, height, width)`: 1 channel if it is grey, else 3 (RGB).
        size: `(height, width)` in pixels before it was resized.
        values: the smallest and the largest grey value, and the one that is white by default: 65535, or 1 for
            floats; None if it has 8 bits.
    """

    pixels: NDArray[np.uint8]
    size: Size
    values: tuple[float, float, float] | None = None


def measure(source: Source) -> tuple[Size, bool]:
    """An image's `(height, width)` in pixels, upright, and whether it is certainly grey, from its header.

    Raises:
        DataError: it is not an image, or too large; the message is only the reason.
    """
    with _reasons(), opened(source) as image:
        rotated = orientation(image) >= 5 and not _turned(image)
        size = (image.width, image.height) if rotated else (image.height, image.width)
        return size, image.mode in _GREY or image.mode.startswith("I")


def decode(source: Source, size: Size | None, fitting: Fitting) -> Decoded:
    """Decode the first frame of an image, turn it upright by its EXIF orientation, and resize it.

    Transparent pixels get the background. If `fitting.colour` is None, RGB with equal channels is grey.

    Args:
        source: a path, or a file.
        size: `(height, width)` in pixels; None: the image's own.
        fitting: how it is resized and converted. The range 'auto' means this image's own.

    Raises:
        DataError: it cannot be decoded; the message is only the reason.
        PassingError: it may be decoded another time: memory or the system failed, not the file.
    """
    with _reasons(), opened(source) as image:
        width, height = image.size
        if size:
            coarsen(image, size)
        check_pixels(image)
        image.load()
        before = (width, height) if orientation(image) >= 5 else (height, width)
        values = _values(image)
        measured = None if values is None else (values[0], max(values[1], values[0] + 1e-6))
        span = measured if fitting.range == "auto" else fitting.span
        plain = flatten(image, fitting.ground, size, span)
    try:  # an error here is a bug of ours, not the file's fault
        pixels = _pixels(fitting.apply(plain, size or before), fitting)
        return Decoded(pixels=pixels, size=before, values=values)
    except MemoryError as error:
        raise PassingError("too large for the memory") from error


def _values(image: Image.Image) -> tuple[float, float, float] | None:
    if image.mode != "F" and not image.mode.startswith("I"):
        return None
    values = np.asarray(image)
    return float(values.min()), float(values.max()), 1.0 if image.mode == "F" else 65535.0


def fit_split(split: Split, fitting: Fitting) -> Split:
    """The split with its images resized and converted, in memory."""
    images = split.images[:]
    size = fitting.image_size or (images.shape[2], images.shape[3])
    if size == images.shape[2:] and fitting.colour in (None, images.shape[1] == 3):
        return split
    return replace(split, images=fit_images(images, fitting))


def fit_images(images: NDArray[np.uint8], fitting: Fitting) -> NDArray[np.uint8]:
    """Images uint8 `(n, channels, height, width)`, resized and converted."""
    size = fitting.image_size
    if size and size != images.shape[2:]:
        fitted = [_again(image, fitting, size) for image in images]
        images = np.stack(fitted) if fitted else np.empty((0, images.shape[1], *size), np.uint8)
    if fitting.colour is True and images.shape[1] == 1:
        images = np.repeat(images, 3, axis=1)
    if fitting.colour is False and images.shape[1] == 3:
        images = _luma(images)
    return images


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


def _turned(image: Image.Image) -> bool:
    """Whether Pillow gives the size of the upright image already, as newer versions do for TIFF."""
    return bool(getattr(image, "tag_v2", {}).get(_WIDTH, image.width) != image.width)


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn every error in the block into a DataError."""
    try:
        with warnings.catch_warnings(action="ignore"):  # odd metadata do not concern the user
            yield
    except MemoryError as error:
        raise PassingError("too large for the memory") from error
    except Exception as error:
        # Pillow's decoders raise almost anything on bad bytes: OSError, SyntaxError, struct.error, KeyError.
        kind = PassingError if getattr(error, "errno", None) in _PASSING else DataError
        raise kind(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, Image.DecompressionBombError):  # a frame larger than its header said
        return "it has too many pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__
