"""From stored images to batches on a device: one gather, one upload and one cast per batch.

Nothing is done image by image. If the images fit into a GPU's memory, they stay there and are gathered there.
Images mapped from a file are gathered some batches ahead by threads, so that the disk is read while the model
computes.
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

from diabolo.train.datasets import Crops, Images

__all__ = ["drawn", "feed", "resident", "shuffled", "upload"]

_THREADS = 4  # concurrent reads: with one at a time, the disk would be idle between them
_AHEAD = 8  # batches that are gathered ahead, at most
_AHEAD_BYTES = 2**26  # of all of these, at most
_PIECE_BYTES = 2**26  # uploaded at a time
_SHARE = 0.5  # of a GPU's free memory that the images may take; the model needs the rest


def resident(images: Images, device: torch.device) -> Images | Tensor:
    """The images on the GPU, if the device is one and they fit; else unchanged, as are crops.

    Args:
        images: uint8 `(n, channels, height, width)`.
        device: to train on.
    """
    if device.type != "cuda" or isinstance(images, Crops):
        return images
    free, _ = torch.cuda.mem_get_info(device)
    return upload(images, device) if math.prod(images.shape) <= free * _SHARE else images


def drawn(images: Images | Tensor, seed: int, epoch: int) -> Images | Tensor:
    """The images of an epoch: of crops those that are drawn for it, with noisy copies as further channels.

    Args:
        images: uint8 `(n, channels, height, width)`.
        seed: of the run.
        epoch: from 0.
    """
    if not isinstance(images, Crops):
        return images
    return (images.stacked() if images.paired else images).drawn(seed, epoch)


def upload(images: Images, device: torch.device) -> Tensor:
    """A copy of images uint8 `(n, channels, height, width)` on the device, uploaded in pieces."""
    out = torch.empty(images.shape, dtype=torch.uint8, device=device)
    step = max(1, _PIECE_BYTES // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        out[start : start + step] = torch.from_numpy(np.ascontiguousarray(images[start : start + step]))
    return out


def shuffled(
    count: int, steps: int, seed: int, epoch: int, orders: int = 1
) -> list[tuple[NDArray[np.int64], ...]]:
    """The indices of the images of an epoch's batches, whose sizes differ by at most one.

    Args:
        count: of images.
        steps: batches in an epoch.
        seed: of the run.
        epoch: from 0; each has its own random orders.
        orders: how many different ones.

    Returns:
        For each batch as many pieces as there are orders, all of one length.
    """
    each = [np.random.default_rng([seed, 1 + order, epoch]).permutation(count) for order in range(orders)]
    return list(zip(*(np.array_split(order, steps) for order in each), strict=True))


def feed(
    images: Images | Tensor, pieces: Sequence[NDArray[np.integer[Any]]], device: torch.device | str = "cpu"
) -> Iterator[Tensor]:
    """The batches of some images.

    Args:
        images: uint8 `(n, channels, height, width)`, maybe on a GPU already.
        pieces: for each batch the indices of its images, in order.
        device: of the batches, if the images are not on a device already.

    Yields:
        For each piece a float32 batch `(len(piece), channels, height, width)` in [0, 1].
    """
    if isinstance(images, Tensor):
        # all indices are uploaded at once, so the device never waits for them
        order = torch.from_numpy(np.concatenate([*pieces, np.empty(0, np.int64)])).to(images.device)
        for index in torch.split(order, [len(piece) for piece in pieces]):
            yield images.index_select(0, index).float().div_(255)
        return
    for batch in _gathered(images, pieces):
        yield torch.from_numpy(batch).to(device, non_blocking=True).float().div_(255)


def _gathered(images: Images, pieces: Sequence[NDArray[np.integer[Any]]]) -> Iterator[NDArray[np.uint8]]:
    if isinstance(images, np.ndarray) or not images.mapped:
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
