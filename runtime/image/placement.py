"""Scale and place what somebody draws as the things in the training images were.

MNIST's digits were fitted into 20 x 20 pixels, their proportions kept, and put where the centre of their
mass is the centre of 28 x 28 (http://yann.lecun.com/exdb/mnist/): rounded to whole pixels, the mean position
of the ink has the index 14 there, down and across.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["CENTRES", "Drawing", "centred"]

CENTRES = ("mass",)
_FAINT = 0.1  # of the strongest ink: less is no part of the drawing


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How the things in the training images were scaled and placed."""

    box: int  # pixels that the longer side of a thing has
    centre: str = "mass"  # what of it stands at the image's centre, one of CENTRES


def centred(picture: Image.Image, width: int, height: int, drawing: Drawing) -> Image.Image | None:
    """A drawing at `width` x `height` pixels, scaled and placed; None where nothing is drawn.

    Args:
        picture: in mode L or RGB, of any size. Its paper is the colour that most of its border has.
        width: of the result; at least `drawing.box`.
        height: likewise.
        drawing: how.

    Returns:
        In the picture's mode. No ink is cut off, however far its mass lies from its middle.
    """
    paper = _paper(picture)
    ink = _ink(picture, paper)
    rows, columns = (np.flatnonzero((ink > _FAINT * ink.max()).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    scale = drawing.box / max(right - left, bottom - top)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    small = picture.crop((left, top, right, bottom)).resize(size, Image.Resampling.LANCZOS)
    out = Image.new(picture.mode, (width, height), paper)
    out.paste(small, _place(_ink(small, paper), width, height))
    return out


def _paper(picture: Image.Image) -> tuple[int, ...]:
    values = np.asarray(picture).reshape(picture.height, picture.width, -1)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    return tuple(int(value) for value in colours[counts.argmax()])


def _ink(picture: Image.Image, paper: tuple[int, ...]) -> NDArray[np.float64]:
    """How far each pixel is from the paper: `(height, width)`, 0 to 255."""
    values = np.asarray(picture, np.float64).reshape(picture.height, picture.width, -1)
    ink: NDArray[np.float64] = np.abs(values - paper).mean(axis=2)
    return ink


def _place(ink: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    """Where the left top corner goes, (x, y), so that the centre of mass is the image's centre."""
    corner = []
    for axis, side in ((0, width), (1, height)):
        mass = ink.sum(axis)
        middle = float(mass @ np.arange(len(mass)) / mass.sum())
        place = ceil(side / 2 - middle - 0.5)  # rounded, a half downwards: MNIST's lie from 13.5 to 14.5
        corner.append(min(max(place, 0), side - len(mass)))
    return corner[0], corner[1]
