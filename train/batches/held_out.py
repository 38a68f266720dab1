"""The validation split: training images that are held out to choose the best weights by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets import Crops, ImageData, Images, rows_of, spread
from diabolo.train.errors import OptionError

__all__ = ["brightness", "counted", "held_out", "learned_and_held", "split"]

_BRIGHTNESS = 20_000  # images, at most, that the mean brightness is taken over
_VALIDATION = 12, 5000  # one training image in 12 is held out, and at most 5000
_CROPS = 5000  # that are validated, at most


def split(data: ImageData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the images to train on, and of those held out: a twelfth, at least 1, at most 5,000.

    Of crops, whole pictures are held out, since the crops of one may overlap.

    Args:
        data: the dataset.
        seed: of the run.

    Returns:
        Two ascending arrays that share no index.

    Raises:
        OptionError: fewer than two training images; or pictures, if one of them must be held out.
    """
    images = data.train.images
    crops = images if isinstance(images, Crops) else None
    count = len(images) if crops is None else crops.count
    if count < 2 and (crops is None or data.validation is None):
        raise OptionError(f"{count} training image is too few: at least 2 are needed. Add images.")
    order = np.random.default_rng([seed, 0]).permutation(count)
    held = held_out(count)
    if crops is None:
        return np.sort(order[held:]), np.sort(order[:held])
    validates = np.isin(crops.numbers, np.unique(crops.numbers)[order[:held]])
    return np.flatnonzero(~validates), np.flatnonzero(validates)


def learned_and_held(data: ImageData, seed: int) -> tuple[Images, Images]:
    """The images to learn from, and those to choose the best weights by: the validation split, if any.

    Args:
        data: the dataset.
        seed: of the run, by which training images are held out if there is no validation split.

    Raises:
        OptionError: fewer than two training images.
    """
    learn, held = split(data, seed)
    if data.validation is not None:
        return data.train.images, _some(data.validation.images)
    return rows_of(data.train.images, learn), _some(rows_of(data.train.images, held))


def _some(images: Images) -> Images:
    """At most 5,000 crops, spread evenly; all images of other kinds."""
    return images.rows(spread(len(images), _CROPS)) if isinstance(images, Crops) else images


def counted(images: Images, what: str = "") -> str:
    """The number of images in words: '60,000', or '3,264 crops of 68 pictures'.

    Args:
        images: any.
        what: how images are called, after the number, if they are not crops.
    """
    if isinstance(images, Crops):
        return f"{len(images):,} crops of {images.count:,} picture{'s' * (images.count > 1)}"
    return f"{len(images):,} {what}".rstrip()


def held_out(count: int) -> int:
    """How many of `count` training images are held out: a twelfth, at least 1, at most 5,000."""
    share, most = _VALIDATION
    return min(max(1, count // share), most)


def brightness(images: Images) -> NDArray[np.float64]:
    """The mean of each channel: `(channels,)` in [0, 1].

    Args:
        images: uint8 `(n, channels, height, width)`; at most 20,000, spread evenly over them, are read.
    """
    index = np.unique(np.linspace(0, len(images) - 1, _BRIGHTNESS).astype(np.intp))
    pieces = np.array_split(index, -(-len(index) // 256))
    sums = [images[piece].sum(axis=(0, 2, 3), dtype=np.float64) for piece in pieces]
    mean: NDArray[np.float64] = np.sum(sums, axis=0) / (len(index) * np.prod(images.shape[2:]) * 255)
    return mean
