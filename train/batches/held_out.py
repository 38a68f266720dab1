"""Which training images are learned from, and which are held out to choose the best weights by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets import ImageData, Images
from diabolo.train.errors import OptionError

__all__ = ["brightness", "held_out", "split"]

_BRIGHTNESS = 20_000  # images that the outputs' starting point is taken from
_VALIDATION = 12, 5000  # one training image in so many is held out, and at most this many


def split(data: ImageData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to choose the best weights by: a twelfth, at most 5,000, at least 1."""
    count = len(data.train)
    if count < 2:
        raise OptionError(f"{count} training image is too few. Add images.")
    order = np.random.default_rng([seed, 0]).permutation(count)
    held = held_out(count)
    return np.sort(order[held:]), np.sort(order[:held])


def held_out(count: int) -> int:
    """How many of `count` training images choose the best weights, and are not learned from."""
    share, most = _VALIDATION
    return min(max(1, count // share), most)


def brightness(images: Images) -> NDArray[np.float64]:
    """The mean of each channel, `(channels,)` in [0, 1], over images spread evenly over the set."""
    index = np.unique(np.linspace(0, len(images) - 1, _BRIGHTNESS).astype(np.intp))
    pieces = np.array_split(index, -(-len(index) // 256))
    sums = [images[piece].sum(axis=(0, 2, 3), dtype=np.float64) for piece in pieces]
    mean: NDArray[np.float64] = np.sum(sums, axis=0) / (len(index) * np.prod(images.shape[2:]) * 255)
    return mean
