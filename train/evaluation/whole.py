"""Whole pictures for the metrics of a model that takes any size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets import Crops, Images
from diabolo.train.distributed import Distributed

__all__ = ["count", "paired", "pictures"]

_SIDE = 1024  # pixels; of a larger picture only the middle is measured, which takes seconds
_MOST = 256  # pictures


def count(images: Images) -> int | None:
    """How many pictures `pictures` gives; None for images of one size."""
    return min(_MOST, images.count) if isinstance(images, Crops) else None


def paired(images: Images) -> bool:
    """Whether every image has a given noisy copy."""
    return isinstance(images, Crops) and images.paired


def pictures(
    images: Crops, distributed: Distributed | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The pictures that this process evaluates, with their numbers, which determine the noise.

    Args:
        images: crops; the pictures that they are of are given whole, at most 256 of them, and at most the
            middle 1,024 x 1,024 pixels of each.
        distributed: the processes that share the work; by default this one does all of it.

    Yields:
        The number and a batch of one picture, float32 `(1, channels, height, width)` in [0, 1]; with twice
        the channels if the crops are stacked.
    """
    rank, processes = (distributed.rank, distributed.world_size) if distributed else (0, 1)
    for number, picture in images.whole(_MOST, rank, processes):
        top, left = (max(0, side - _SIDE) // 2 for side in picture.shape[1:])
        middle = picture[:, top : top + _SIDE, left : left + _SIDE]
        yield number, middle[None].astype(np.float32) / np.float32(255)
