"""Convert pictures at their own size, for models that take any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image._gather import Picture
from diabolo.runtime.image._open import reading
from diabolo.runtime.image.convert import MODES, check_channels
from diabolo.runtime.image.resize import Colour, Span, check_pixels, flatten

__all__ = ["as_it_is"]


def as_it_is(
    source: Picture,
    channels: int,
    *,
    invert: bool = False,
    padding: Colour = (255, 255, 255),
    value_range: Span | None = None,
) -> NDArray[np.uint8]:
    """Convert a picture at its own size: orientation, transparency and colour, for a model of any size.

    Args:
        source: a PIL image, or a picture file, as in `open_image`.
        channels: 1 for grey, 3 for RGB.
        invert: whether to invert it.
        padding: the colour behind transparent pixels: red, green, blue, 0 to 255.
        value_range: of pictures of more than 8 bits, as in `runtime.image.convert.prepare`.

    Returns:
        uint8 `(channels, height, width)`.

    Raises:
        ImageError: the source is not a picture, or the model has neither 1 nor 3 channels.
    """
    check_channels((channels, 0, 0))
    with reading(source) as picture:
        check_pixels(picture)
        flat = flatten(picture, padding, None, value_range)
    if flat.mode != MODES[channels]:
        flat = flat.convert(MODES[channels])
    pixels = np.asarray(flat).reshape(flat.height, flat.width, channels).transpose(2, 0, 1)
    return 255 - pixels if invert else pixels
