"""Square pieces of pictures, turned and mirrored, gathered in a few calls for a whole batch.

A row of a crop is one value of as many bytes as the crop has columns, so numpy copies it at once. Half of the
orientations only change the order of the rows, which costs nothing; the others take a second copy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._cropping.pictures import Pictures

__all__ = ["ORIENTATIONS", "gather"]

ORIENTATIONS = 8
"""Of a square: four quarter turns, each mirrored or not. In bits: rows reversed (1), mirrored (2), and
transposed (4), where 2 then reverses the rows again, after it."""


def gather(
    pictures: Pictures,
    size: int,
    numbers: NDArray[np.int64],
    places: NDArray[np.int64],
    turns: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Copy crops from pictures.

    Args:
        pictures: have sides of at least `size`.
        size: of the crops' sides, in pixels.
        numbers: `(n,)`, of the pictures that the crops are taken from.
        places: `(n, 2)`, the crops' topmost row and leftmost column.
        turns: `(n,)`, their orientations, from 0 to 7; 0 leaves a crop as it is.

    Returns:
        uint8 `(n, channels, size, size)`, a new array.
    """
    height, width = pictures.sizes[numbers].T
    down = np.arange(size)
    # (n, size): the crops' rows in their order, then (n, channels, size): where each begins
    order = np.where((turns & 1)[:, None] == 1, size - 1 - down, down)
    first = pictures.starts[numbers] + places[:, 0] * width + places[:, 1]
    planes = np.arange(pictures.channels) * (height * width)[:, None]
    starts = first[:, None, None] + planes[:, :, None] + (order * width[:, None])[:, None, :]
    pixels = pictures.pixels
    # every run of `size` bytes; they overlap
    runs = np.ndarray((len(pixels) - size + 1,), f"V{size}", pixels, 0, (1,))
    out: NDArray[np.uint8] = runs[starts].view(np.uint8).reshape(len(numbers), pictures.channels, size, size)
    for turn, change in ((2, _mirrored), (4, _transposed), (6, _transposed_reversed)):
        if len(own := np.flatnonzero(turns & 6 == turn)):
            out[own] = change(out[own])
    return out


def _mirrored(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if crops.shape[-1] % 8:
        return crops[..., ::-1]
    # eight pixels at a time, in reverse order, and then the eight bytes of each
    eights: NDArray[np.uint64] = np.ascontiguousarray(crops.view(np.uint64)[..., ::-1])
    return eights.byteswap(inplace=True).view(np.uint8)


def _transposed(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return crops.swapaxes(2, 3)


def _transposed_reversed(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return crops.swapaxes(2, 3)[:, :, ::-1]
