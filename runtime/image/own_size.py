"""Convert pictures at their own size, for models that take any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image._gather import Picture
from diabolo.runtime.image._open import reading
from diabolo.runtime.image.convert import MODES, check_channels, to_floats
from diabolo.runtime.image.resize import Colour, check_pixels, flatten

__all__ = ["as_it_is"]


def as_it_is(
    source: Picture, channels: int, *, invert: bool = False, padding: Colour = (255, 255, 255)
) -> NDArray[np.float32]:
    """Convert a picture at its own size: orientation, transparency and colour, for a model of any size.

    Args:
        source: a PIL image, or a picture file, as in `open_image`.
        channels: 1 for grey, 3 for RGB.
        invert: whether to invert it.
        padding: the colour behind transparent pixels: red, green, blue, 0 to 255.

    Returns:
        float32 `(channels, height, width)` in [0, 1].

    Raises:
        ImageError: the source is not a picture, or the model has neither 1 nor 3 channels.
    """
    check_channels((channels, 0, 0))
    with reading(source) as picture:
        check_pixels(picture)
        flat = flatten(picture, padding, None, None)
    values = to_floats(flat if flat.mode == MODES[channels] else flat.convert(MODES[channels]))
    return 1 - values if invert else values
