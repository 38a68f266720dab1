"""Scale and place a drawing as the objects in the training images were.

MNIST's digits were scaled into 20 x 20 pixels, with their proportions kept, and placed so that their centre
of mass is the centre of 28 x 28 pixels (http://yann.lecun.com/exdb/mnist/): rounded to whole pixels, the mean
position of the ink has the index 14, both vertically and horizontally.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime._old_names import old_names

__all__ = ["CENTRES", "Drawing", "ink_of", "paper_of", "place_drawing"]

CENTRES = ("mass",)
_FAINT = 0.1  # of the strongest ink; fainter pixels are not part of the drawing


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How the objects in the training images were scaled and placed.

    Attributes:
        box: the length of an object's longer side, in pixels.
        centre: which of its points is at the image's centre, one of CENTRES.
    """

    box: int
    centre: str = "mass"


def place_drawing(picture: Image.Image, width: int, height: int, drawing: Drawing) -> Image.Image | None:
    """Scale and place a drawing.

    Args:
        picture: in mode L or RGB, of any size. The most frequent colour of its border is taken for the paper.
        width: of the result in pixels, at least `drawing.box`.
        height: of the result in pixels, at least `drawing.box`.
        drawing: the size and the position.

    Returns:
        A picture of `width` x `height` pixels in the same mode, or None if nothing is drawn. No ink is cut
        off, even if the centre of mass is far from the middle.
    """
    paper = paper_of(picture)
    ink = ink_of(picture, paper)
    rows, columns = (np.flatnonzero((ink > _FAINT * ink.max()).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    scale = drawing.box / max(right - left, bottom - top)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    small = picture.crop((left, top, right, bottom)).resize(size, Image.Resampling.LANCZOS)
    out = Image.new(picture.mode, (width, height), paper)
    out.paste(small, _place(ink_of(small, paper), width, height))
    return out


def paper_of(picture: Image.Image) -> tuple[int, ...]:
    """The most frequent colour of the border of a picture in mode L or RGB, 0 to 255."""
    values = np.asarray(picture).reshape(picture.height, picture.width, -1)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    return tuple(int(value) for value in colours[counts.argmax()])


def ink_of(picture: Image.Image, paper: tuple[int, ...]) -> NDArray[np.float64]:
    """The difference of each pixel from the paper: `(height, width)`, 0 to 255."""
    values = np.asarray(picture, np.float64).reshape(picture.height, picture.width, -1)
    ink: NDArray[np.float64] = np.abs(values - paper).mean(axis=2)
    return ink


def _place(ink: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    """The position (x, y) of the top left corner for which the centre of mass is the image's centre."""
    corner = []
    for axis, side in ((0, width), (1, height)):
        mass = ink.sum(axis)
        middle = float(mass @ np.arange(len(mass)) / mass.sum())
        place = ceil(side / 2 - middle - 0.5)  # rounded, halves down: MNIST's centres are from 13.5 to 14.5
        corner.append(min(max(place, 0), side - len(mass)))
    return corner[0], corner[1]


__getattr__ = old_names(__name__, {"centred": "place_drawing"})
