"""Treat a picture by hand before a model gets it: make it black and white, and crop it to its object."""

from __future__ import annotations

import numpy as np
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.placement import ink_of, paper_of

__all__ = ["check_threshold", "crop_to_object", "threshold_picture"]

_OBJECT = 0.5  # of the strongest ink; fainter pixels, such as the lines of a page, are not part of the object
_FILLED = 20 / 28  # of the frame, by the object: as in MNIST


def check_threshold(threshold: float) -> None:
    """Check a threshold.

    Raises:
        UsageError: it is not between 0 and 1.
    """
    if not 0 < threshold < 1:  # NaN, too
        raise UsageError(f"threshold must be a brightness between 0 and 1, such as 0.5, not {threshold}.")


def threshold_picture(picture: Image.Image, threshold: float) -> Image.Image:
    """Make a picture black and white.

    Args:
        picture: in mode L or RGB.
        threshold: the brightness from which a pixel becomes white, in (0, 1); others become black.

    Returns:
        A picture of the same size and mode.

    Raises:
        UsageError: the threshold is not between 0 and 1.
    """
    check_threshold(threshold)
    grey = np.asarray(picture.convert("L"))
    white = np.where(grey >= 255 * threshold, 255, 0).astype(np.uint8)
    return Image.fromarray(white).convert(picture.mode)


def crop_to_object(picture: Image.Image, width: int, height: int) -> Image.Image | None:
    """Crop a picture to its object, with a margin, in the proportions of `width` to `height`.

    The object is what differs from the paper, the most frequent colour of the picture's border, by at least
    half as much as anything does. It fills 20/28 of the result in one direction, as in MNIST. Where the
    result is larger than the picture, it has the colour of the paper.

    Args:
        picture: in mode L or RGB, of any size.
        width: of the model's images.
        height: of the model's images.

    Returns:
        A picture in the same mode, or None if it is of a single colour.
    """
    paper = paper_of(picture)
    ink = ink_of(picture, paper)
    if not ink.max():
        return None
    rows, columns = (np.flatnonzero((ink >= _OBJECT * ink.max()).any(axis)) for axis in (1, 0))
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    unit = max((right - left) / width, (bottom - top) / height) / _FILLED  # pixels for one of the model's
    across, down = max(1, round(unit * width)), max(1, round(unit * height))
    out = Image.new(picture.mode, (across, down), paper)
    out.paste(picture, (round((across - left - right) / 2), round((down - top - bottom) / 2)))
    return out
