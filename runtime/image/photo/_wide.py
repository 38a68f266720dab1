"""Read 16 bits a channel, of which Pillow keeps only the upper 8 in colour pictures.

Pillow's decoders of PNG and TIFF unpack 16-bit samples to 8 bits by taking one of their two bytes, the upper
one. Told that the samples are in the other byte order, they take the lower one. A picture is therefore
decoded twice, whatever its compression, predictor or interlacing.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.image._gather import Picture
from diabolo.runtime.image._open import reading
from diabolo.runtime.image.resize import load

__all__ = [
    "both_bytes",
    "has_more_bits",
    "is_premultiplied",
    "is_white_zero",
    "is_wide",
    "join",
    "lower_half",
    "take_half",
    "unpremultiply",
]

_BOTH = "LA;16B"  # both bytes of grey and alpha are read as the four channels of RGBA
_NATIVE = {"little": "L", "big": "B"}[sys.byteorder]
_BITS, _PHOTOMETRIC, _PLANES = 258, 262, 284  # tags of TIFF files
_SWAPPED = {"L": "B", "B": "L"}


def is_wide(picture: Image.Image) -> bool:
    """Whether an opened picture, its pixels not yet read, has 16 bits a channel and several channels.

    Raises:
        ValueError: it is a TIFF whose channels are stored one after the other.
    """
    if picture.format not in ("PNG", "TIFF") or picture.mode not in ("RGB", "RGBA"):
        return False
    if _tag(picture, _PLANES) == 2 and has_more_bits(picture):
        raise ValueError(
            "its 16-bit channels are stored one after the other. Save it with interleaved channels"
        )
    return ";16" in _raw_mode_of(picture)


def has_more_bits(picture: Image.Image) -> bool:
    """Whether the channels of an opened TIFF have more than 8 bits, and are not grey alone."""
    bits = _tag(picture, _BITS)
    return isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8


def is_premultiplied(picture: Image.Image) -> bool:
    """Whether the colours of an opened wide picture were multiplied with its alpha."""
    return _raw_mode_of(picture).startswith("RGBa")


def is_white_zero(picture: Image.Image) -> bool:
    """Whether 0 is white in an opened TIFF of 16-bit grey values, which Pillow does not heed."""
    return picture.mode.startswith("I;16") and _tag(picture, _PHOTOMETRIC) == 0


def take_half(picture: Image.Image, *, low: bool) -> bool:
    """Let an opened wide picture be decoded to the upper or the lower bytes of its samples.

    Returns:
        True if it is decoded to both: grey with alpha, as the four channels of RGBA.
    """
    both = _raw_mode_of(picture) == _BOTH
    vars(picture)["tile"] = [_changed(tile, low) for tile in _tiles(picture)]
    return both


def lower_half(source: Picture, most: int) -> NDArray[np.uint8]:
    """The lower bytes of a wide picture's samples, as `take_half`; raises as `reading`."""
    with reading(source, most) as picture:
        take_half(picture, low=True)
        load(picture)
        return np.asarray(picture)


def join(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """16-bit samples from their upper and lower bytes."""
    wide = high.astype(np.uint16)
    wide <<= 8
    wide |= low
    return wide


def both_bytes(samples: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """16-bit grey and alpha from `(height, width, 4)` bytes."""
    return np.ascontiguousarray(samples).view(">u2").astype(np.uint16)


def unpremultiply(samples: NDArray[np.uint16]) -> None:
    """Divide the colours of `(height, width, 4)` samples by their alpha, in place."""
    for row in samples:  # a row at a time: no large copy
        alpha = np.maximum(row[:, 3:], 1).astype(np.float64)
        row[:, :3] = np.rint(np.minimum(row[:, :3] * (65535 / alpha), 65535))


def _tag(picture: Image.Image, tag: int) -> object:
    """A tag of a TIFF file, or None."""
    return getattr(picture, "tag_v2", {}).get(tag)


def _tiles(picture: Image.Image) -> list[Any]:
    return list(getattr(picture, "tile", []))


def _raw_mode_of(picture: Image.Image) -> str:
    """How the samples of an opened picture are stored, by Pillow's name; '' if it is loaded."""
    return next((_raw_mode(tile) for tile in _tiles(picture)), "")


def _raw_mode(tile: Any) -> str:
    args = tile[3]
    return str(args[0] if isinstance(args, tuple) else args)


def _changed(tile: Any, low: bool) -> Any:
    mode, args = _raw_mode(tile), tile[3]
    if mode == _BOTH:
        new = "RGBA"
    else:
        # what is premultiplied stays so: Pillow would divide the bytes, not the samples
        start, order = mode[:-1].replace("RGBa", "RGBA"), mode[-1].replace("N", _NATIVE)
        new = start + (_SWAPPED[order] if low else order)
    with_args = (new, *args[1:]) if isinstance(args, tuple) else new
    return type(tile)._make((*tile[:3], with_args)) if hasattr(tile, "_make") else (*tile[:3], with_args)
