"""Image files to arrays: every mode Pillow opens becomes grey or colour uint8 of one size."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from diabolo.train.datasets._base import Split
from diabolo.train.errors import DataError

__all__ = ["EXTENSIONS", "decode", "probe", "resize_split"]

EXTENSIONS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "pgm", "ppm")

# Whatever a file's name says, only these decoders see it: Pillow's others may call programs (EPS).
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_MAX_PIXELS = 100_000_000  # declared in the header; more is taken for a decompression bomb
_ORIENTATION = 0x0112  # EXIF tag; values from 5 on lie on their side


def probe(path: Path) -> tuple[int, int]:
    """`(height, width)` in pixels as the image will stand, from its header alone.

    Raises:
        DataError: it is not an image, or too large; the message is the bare reason.
    """
    with _opened(path) as image:
        # A PNG would be decoded whole to look for EXIF data at its end.
        turned = image.format != "PNG" and image.getexif().get(_ORIENTATION, 1) >= 5
        return (image.width, image.height) if turned else (image.height, image.width)


def decode(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image as uint8 `(channels, height, width)`: 1 channel where it is grey, else 3 (RGB).

    EXIF orientation is applied, transparency laid on white, the first frame taken; then the image is scaled
    to cover `size`, `(height, width)` in pixels, and cropped around its centre. RGB with equal channels is
    grey.

    Raises:
        DataError: it cannot be decoded; the message is the bare reason.
    """
    with _opened(path) as image:
        image.draft(None, (2 * max(size), 2 * max(size)))  # JPEG: decode no finer than is of use
        image.load()
        plain = _plain(ImageOps.exif_transpose(image))
        pixels = np.asarray(_fit(plain, size))
    if pixels.ndim == 2:
        return pixels[None]
    if (pixels == pixels[..., :1]).all():
        return pixels[None, ..., 0]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def resize_split(split: Split, size: tuple[int, int] | None) -> Split:
    """The split with its images brought to `size` as `decode` does; None changes nothing."""
    if size is None or split.images.shape[2:] == size:
        return split
    images = np.empty((*split.images.shape[:2], *size), np.uint8)
    for source, target in zip(
        split.images.reshape(-1, *split.images.shape[2:]), images.reshape(-1, *size), strict=True
    ):
        target[...] = np.asarray(_fit(Image.fromarray(source), size))
    return replace(split, images=images)


def _fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def _plain(image: Image.Image) -> Image.Image:
    """In mode L or RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_deep(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _deep(image: Image.Image) -> NDArray[np.uint8]:
    """Grey of more than 8 bits: integers are 0 to 65535, floats 0 to 1."""
    values = np.asarray(image).astype(np.float32)
    top = 1.0 if image.mode == "F" else 65535.0
    if not ((values >= 0) & (values <= top)).all():
        raise ValueError(f"values outside 0 to {top:g}")
    grey: NDArray[np.uint8] = np.rint(values * (255 / top)).astype(np.uint8)
    return grey


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The file opened by Pillow; whatever goes wrong, here or in the block, is a DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is not the user's concern; size is checked below
            if not path.is_file():  # a link that leads nowhere; a pipe would keep us waiting
                raise ValueError("not a file")
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > _MAX_PIXELS:
                    raise ValueError(f"{image.width} x {image.height} pixels are too many")
                yield image
    except Exception as error:
        # Pillow's decoders raise nearly anything on bad bytes: OSError, SyntaxError, struct.error, KeyError.
        raise DataError(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__
