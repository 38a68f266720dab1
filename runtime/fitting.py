"""How a picture is brought to a model's size: one way for what it learns from and for what it is given."""

from __future__ import annotations

from typing import TypeAlias

from PIL import Image

from diabolo.runtime.errors import UnknownNameError

__all__ = ["RESIZE", "Colour", "check", "covering", "fit"]

Colour: TypeAlias = tuple[int, int, int]  # red, green, blue; 0 to 255

RESIZE = {
    "crop": "scale to cover the size, cut what sticks out",
    "pad": "scale to fit inside, fill the rest with the background",
    "fit": "stretch to the size, whatever the proportions",
}
_GAP = 3.0  # Pillow shrinks by whole steps first and leaves the filter this much: fast, and nearly the same


def check(resize: str) -> None:
    """See that `resize` is one of RESIZE.

    Raises:
        UnknownNameError: it is not.
    """
    if resize not in RESIZE:
        raise UnknownNameError("resize", resize, RESIZE)


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
