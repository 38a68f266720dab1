"""From images at rest to batches on a device: one gather, one upload and one cast a batch.

Nothing is done image by image. Images mapped from a file are gathered some batches ahead by threads, so that
the disk is read while the model computes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.train.datasets import Images, Rows

__all__ = ["feed"]

_THREADS = 4  # reads in flight: one at a time would leave a disk idle between them
_AHEAD = 8  # batches, at most
_AHEAD_BYTES = 2**26  # of them together


def feed(
    images: Images, pieces: Sequence[NDArray[np.integer[Any]]], device: torch.device | str = "cpu"
) -> Iterator[Tensor]:
    """For each array of indices a float32 batch `(len(piece), channels, height, width)` in [0, 1]."""
    for batch in _gathered(images, pieces):
        yield torch.from_numpy(batch).to(device, non_blocking=True).float().div_(255)


def _gathered(images: Images, pieces: Sequence[NDArray[np.integer[Any]]]) -> Iterator[NDArray[np.uint8]]:
    if not (isinstance(images, Rows) and images.mapped):
        for piece in pieces:
            yield images[piece]
        return
    largest = max((len(piece) for piece in pieces), default=1) * math.prod(images.shape[1:])
    depth = min(_AHEAD, max(2, _AHEAD_BYTES // max(1, largest)))
    left = iter(pieces)
    with ThreadPoolExecutor(_THREADS, "diabolo-feed") as pool:
        ahead: deque[Future[NDArray[np.uint8]]] = deque(
            pool.submit(images.__getitem__, piece) for piece in islice(left, depth)
        )
        try:
            while ahead:
                batch = ahead.popleft().result()
                for piece in islice(left, 1):
                    ahead.append(pool.submit(images.__getitem__, piece))
                yield batch
        finally:
            for future in ahead:
                future.cancel()
