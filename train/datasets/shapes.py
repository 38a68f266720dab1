"""Shapes: a square, an ellipse and a heart, at every combination of size, angle and place.

All factors from which an image is made are known, so that one can measure whether a latent's dimensions
follow them one by one. In the manner of dSprites (Matthey et al. 2017), but drawn when it is loaded.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split
from diabolo.train.datasets._decoding.decode import fit_split
from diabolo.train.errors import DataError

__all__ = ["FACTORS", "Dataset", "drawn", "every_combination"]

FACTORS: dict[str, int] = {"shape": 3, "size": 5, "angle": 8, "right": 10, "down": 10}
"""The factors of an image, and how many values each takes."""

_TEST = 2_000  # images; all others are trained on
_CLASSES = ("square", "ellipse", "heart")
_SIDE = 28  # pixels per side; the lengths below are for this size, and scale with it
_RADIUS = (3.5, 7.0)  # pixels, of the circle around a shape
_MARGIN = 8.0  # pixels from the centre of a shape to the edge of the image, at least
_TURN = math.pi / 2  # a square and an ellipse that turn further look as before, or like another one
_FINE = 4  # shapes are drawn this many times larger, then averaged, for smooth edges
_POINTS = 64  # of an outline
_SIZES = (16, 128)  # pixels, the range of the sides of images


class Dataset(DatasetBase):
    """White shapes on black, `(1, 28, 28)`: every combination of the values of `FACTORS` once.

    The seed splits them into training and test images.
    """

    title: ClassVar[str] = "Shapes"
    summary: ClassVar[str] = "squares, ellipses and hearts of known size, angle and place"
    made: ClassVar[str] = "drawn on the spot"
    image_shape: ClassVar[tuple[int, int, int] | None] = (1, _SIDE, _SIDE)
    count: ClassVar[str] = f"{math.prod(FACTORS.values()) - _TEST:,} + {_TEST:,}"
    classes: ClassVar[tuple[str, ...]] = _CLASSES
    licence: ClassVar[str] = "Drawn by this program"
    home: ClassVar[str] = "https://github.com/google-deepmind/dsprites-dataset"

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder of this file, which is all that is needed."""
        return Path(__file__).parent

    def load(self, request: LoadRequest) -> ImageData:
        """Draw the images in the size of `request.fitting`, and split them with `request.seed`.

        Raises:
            DataError: the image size is not within 16 to 128 pixels.
        """
        size = request.fitting.image_size or (_SIDE, _SIDE)
        if not all(_SIZES[0] <= side <= _SIZES[1] for side in size):
            raise DataError(
                f"shapes cannot be drawn at {size[0]} x {size[1]} pixels; "
                f"each side may be {_SIZES[0]} to {_SIZES[1]}."
            )
        factors = every_combination()
        factors = np.random.Generator(np.random.PCG64(request.seed)).permutation(factors)
        images = drawn(factors, size)
        request.progress("drawing", len(images), len(images))
        labels = factors[:, 0]
        test, train = (
            Split(images=images[part], labels=labels[part]) for part in (slice(_TEST), slice(_TEST, None))
        )
        return ImageData(
            name="shapes",
            train=fit_split(train, request.fitting),
            test=fit_split(test, request.fitting),
            classes=self.classes,
            licence=self.licence,
            provenance={"seed": request.seed, "factors": FACTORS},
        )


def every_combination() -> NDArray[np.int64]:
    """Every combination of the factors' values, int64 `(n, factors)`, in the order of `FACTORS`."""
    return np.indices(tuple(FACTORS.values())).reshape(len(FACTORS), -1).T


def drawn(factors: NDArray[np.int64], size: tuple[int, int] = (_SIDE, _SIDE)) -> NDArray[np.uint8]:
    """The images of such combinations, uint8 `(n, 1, height, width)`.

    Args:
        factors: int64 `(n, factors)`.
        size: height and width in pixels.
    """
    _, larger, turned, right, down = (factors / (np.array(list(FACTORS.values())) - 1)).T
    height, width = (_FINE * side for side in size)
    unit = _FINE * min(size) / _SIDE
    radius = unit * (_RADIUS[0] + (_RADIUS[1] - _RADIUS[0]) * larger)
    values = FACTORS["angle"]
    angle = turned * (values - 1) / values * _TURN
    across, along = (
        unit * _MARGIN + part * (side - 2 * unit * _MARGIN) for part, side in ((right, width), (down, height))
    )
    images = np.empty((len(factors), 1, *size), np.uint8)
    outlines = _outlines()
    for i, kind in enumerate(factors[:, 0]):
        cosine, sine = radius[i] * np.cos(angle[i]), radius[i] * np.sin(angle[i])
        points = outlines[kind] @ np.array([[cosine, sine], [-sine, cosine]]) + (across[i], along[i])
        fine = Image.new("L", (width, height))
        ImageDraw.Draw(fine).polygon([(float(x), float(y)) for x, y in points], fill=255)
        images[i, 0] = np.asarray(fine.reduce(_FINE))
    return images


def _outlines() -> list[NDArray[np.float64]]:
    """The points `(n, 2)` of each shape, within the unit circle; x to the right, y down."""
    t = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2**0.5
    ellipse = np.stack([np.cos(t), 0.5 * np.sin(t)], 1)
    heart = np.stack(
        [np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16], 1
    )
    heart -= (heart.max(0) + heart.min(0)) / 2
    return [square, ellipse, heart / np.linalg.norm(heart, axis=1).max()]
