"""The samples of a loaded Pillow image of any mode: grey or RGB, 8 or 16 bits, with alpha."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from diabolo.runtime.image.photo._photo import Samples

__all__ = ["Plain", "keyed", "plain"]

_GREY = ("1", "L", "LA", "La")


@dataclass(frozen=True, kw_only=True, eq=False)
class Plain:
    """Samples, and what became of the colours.

    Attributes:
        samples: `(height, width, 1 to 4)`: grey, grey and alpha, RGB, RGB and alpha.
        floats: whether the values were floats, of which 1.0 became 65535.
        same_colours: False if the picture's ICC profile does not fit any more.
        notes: what was converted.
    """

    samples: Samples
    floats: bool = False
    same_colours: bool = True
    notes: tuple[str, ...] = ()


def plain(picture: Image.Image, *, white_is_zero: bool = False) -> Plain:
    """The samples of a loaded picture.

    Args:
        picture: of any mode.
        white_is_zero: of 16-bit grey values; they are inverted.

    Raises:
        ValueError: values of more than 8 bits are beyond 0 to 65535, or floats beyond 0 to 1.
    """
    mode = picture.mode
    if mode.startswith("I") or mode == "F":
        return _sixteen_bits(picture, white_is_zero)
    if mode in ("CMYK", "LAB"):
        return Plain(samples=_array(_in_srgb(picture)), same_colours=False, notes=(f"{mode} becomes sRGB",))
    notes = {
        "1": "black and white becomes grey",
        "P": "a palette becomes full colours",
        "PA": "a palette becomes full colours",
    }
    told = (notes[mode],) if mode in notes else ()
    if picture.has_transparency_data:
        wanted = "LA" if mode in _GREY else "RGBA"
    else:
        wanted = "L" if mode in _GREY else "RGB"
    return Plain(samples=_array(picture if mode == wanted else picture.convert(wanted)), notes=told)


def _array(picture: Image.Image) -> Samples:
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def _sixteen_bits(picture: Image.Image, white_is_zero: bool) -> Plain:
    values = np.asarray(picture)
    low, high = float(values.min()), float(values.max())
    top = 1.0 if values.dtype.kind == "f" else 65535.0
    if not (low >= 0 and high <= top):  # NaN, too
        raise ValueError(f"values outside 0 to {top:g}: they go from {low:g} to {high:g}")
    if values.dtype.kind == "f":
        scaled = np.rint(values * np.float32(65535)).astype(np.uint16)[..., None]
        return Plain(samples=scaled, floats=True, notes=("floating-point values become 16 bits",))
    grey = values.astype(np.uint16)[..., None]
    if white_is_zero:
        np.invert(grey, out=grey)
    return Plain(samples=keyed(grey, picture.info.get("transparency")))


def keyed(samples: Samples, transparent: object) -> Samples:
    """With alpha, if a PNG file declares one colour transparent: a number, or three for RGB."""
    channels = samples.shape[2]
    colour = transparent if isinstance(transparent, tuple) else (transparent,)
    if channels not in (1, 3) or len(colour) != channels or not all(isinstance(v, int) for v in colour):
        return samples
    top = np.iinfo(samples.dtype).max
    opaque = (samples != np.array(colour, samples.dtype)).any(axis=2, keepdims=True)
    alpha = np.where(opaque, top, 0).astype(samples.dtype)
    joined: Samples = np.concatenate([samples, alpha], axis=2)
    return joined


def _in_srgb(picture: Image.Image) -> Image.Image:
    """CMYK or LAB as sRGB, by the picture's own profile if it has a usable one."""
    from PIL import ImageCms

    icc = picture.info.get("icc_profile")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else None
        if source is None and picture.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        if source is not None:
            target = ImageCms.createProfile("sRGB")
            done = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
            return picture if done is None else done
    except (ImageCms.PyCMSError, ImportError, OSError):  # damaged, or for other colours
        pass
    return picture.convert("RGB")
