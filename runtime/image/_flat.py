"""Pictures of any mode in 8 bits and without transparency, in one piece or strip by strip."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from PIL import Image

__all__ = ["Colour", "Span", "in_strips", "plain"]

Colour: TypeAlias = tuple[int, int, int]  # red, green, blue; 0 to 255
Span: TypeAlias = tuple[float, float]  # the values of a grey picture that become black and white

_STRIP = 2**20  # pixels in a strip


def plain(picture: Image.Image, ground: Colour, span: Span | None) -> Image.Image:
    """A loaded picture in mode L or RGB, in 8 bits, without transparency; see `flatten` of resize.py."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture, span)
    if picture.has_transparency_data:
        under = Image.new("RGBA", picture.size, ground)
        return Image.alpha_composite(under, picture.convert("RGBA")).convert("RGB")
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(picture: Image.Image, span: Span | None) -> Image.Image:
    values = np.asarray(picture).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("values that are not numbers")
    if span is not None:
        low, high = span
        scaled = np.clip((values.astype(np.float64) - low) * (255 / (high - low)), 0, 255)
        return Image.fromarray(np.rint(scaled).astype(np.uint8))
    top = 1.0 if picture.mode == "F" else 65535.0
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > top:
        raise ValueError(
            f"values outside 0 to {top:g}: they go from {low:g} to {high:g}; "
            "models trained with --range auto take such pictures"
        )
    return Image.fromarray(np.rint(values * (255 / top)).astype(np.uint8))


def in_strips(
    picture: Image.Image, ground: Colour, size: tuple[int, int] | None, span: Span | None, gap: float
) -> Image.Image | None:
    """As `plain`, reduced by a whole factor, strip by strip, which takes a quarter of the memory.

    A picture that is plain already and is not reduced is returned as it is.
    """
    width, height = picture.size
    step = max(1, min(width, height) // round(gap * max(size))) if size else 1
    if step == 1 and picture.mode in ("L", "RGB") and not picture.has_transparency_data:
        return picture
    rows = step * max(1, _STRIP // (width * step))
    out = None
    for top in range(0, height, rows):
        strip = plain(picture.crop((0, top, width, min(top + rows, height))), ground, span)
        small = strip.reduce(step) if step > 1 else strip
        out = out or Image.new(small.mode, (small.width, -(-height // step)))
        out.paste(small, (0, top // step))
    return out
