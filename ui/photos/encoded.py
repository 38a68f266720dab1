"""The files of photographs: for the screen, between two requests, and to be downloaded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.photo import FORMATS, Photo

__all__ = ["ending_of", "for_screen", "in_eight_bits", "load_pixels", "mixed", "pixels_file"]

_LOSSLESS = 1 << 21  # pixels of a picture that is sent to the page without loss, at most
_QUALITY = 95  # of a larger one, in JPEG with all of the colours


def for_screen(photo: Photo) -> tuple[bytes, str]:
    """A photograph as a page shows it, in 8 bits and with its colour profile: the file and its ending.

    Small pictures and those with transparency are PNG. A photograph of 12 megapixels takes about 5 MB as
    JPEG, and 30 as PNG.
    """
    picture = in_eight_bits(photo)
    icc, out = photo.metadata.icc, io.BytesIO()
    more = {"icc_profile": icc} if icc else {}
    if photo.alpha is not None or picture.width * picture.height <= _LOSSLESS:
        picture.save(out, "PNG", compress_level=1, **more)
        return out.getvalue(), ".png"
    picture.save(out, "JPEG", quality=_QUALITY, subsampling=0, **more)
    return out.getvalue(), ".jpg"


def in_eight_bits(photo: Photo) -> Image.Image:
    """The pixels of a photograph, with transparency if there is any."""
    eight = photo.in_format("WEBP")
    samples = eight.pixels if eight.alpha is None else np.dstack([eight.pixels, eight.alpha])
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)


def pixels_file(photo: Photo) -> bytes:
    """The pixels of a photograph without loss, for `load_pixels`."""
    out = io.BytesIO()
    np.save(out, photo.pixels, allow_pickle=False)
    return out.getvalue()


def load_pixels(path: str) -> NDArray[Any]:
    """The pixels that `pixels_file` wrote.

    Raises:
        UsageError: the file is no longer kept.
    """
    try:
        pixels: NDArray[Any] = np.load(path, allow_pickle=False)
    except OSError:
        raise UsageError("the result is no longer kept. Compute it again.") from None
    return pixels


def mixed(before: Photo, after: NDArray[Any], strength: float) -> Photo:
    """A photograph in which the result has a share.

    Args:
        before: the photograph.
        after: the result, of the same size and type.
        strength: the share, from 0 (the photograph) to 1 (the result).

    Raises:
        UsageError: `strength` is not between 0 and 1.
    """
    if not 0 <= strength <= 1:
        raise UsageError(f"strength must be between 0 (the picture) and 1 (the result), not {strength}.")
    if strength == 1:
        return before.replaced(after)
    out = np.empty_like(before.pixels)
    share = np.float32(strength)
    for row, one, other in zip(out, before.pixels, after, strict=True):  # a row at a time: no large copy
        row[...] = np.rint(share * other + (1 - share) * one)
    return before.replaced(out)


def ending_of(photo: Photo, name: str) -> str:
    """The ending of a photograph's file: that of the file it came from, if that fits its format."""
    given = Path(name).suffix
    return given if given.lower() in FORMATS[photo.format] else FORMATS[photo.format][0]
