"""The k nearest neighbours of points: arrays in, arrays out, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distances", "nearest"]

_PIECE = 2**24  # distances, or values of points, at a time


def nearest(
    points: NDArray[np.floating], others: NDArray[np.floating], k: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which of the others is the k-th nearest of each point, and its euclidean distance: `(points,)` each.

    Args:
        points: `(points, values)`.
        others: `(others, values)`, at least k.
        k: 1 is the nearest.

    Raises:
        ValueError: fewer others than k.
    """
    if not 1 <= k <= len(others):
        raise ValueError(f"the {k}-th nearest of {len(others)} does not exist")
    # about their mean, so that far from the origin no digits are lost in the squares
    centre = others.mean(0, dtype=np.float64).astype(np.float32)
    there = np.asarray(others - centre, np.float32)
    lengths = np.einsum("ij,ij->i", there, there, dtype=np.float64)
    which = np.empty(len(points), np.int64)
    apart = np.empty(len(points), np.float64)
    size = max(1, _PIECE // max(len(others), points.shape[1]))
    for start in range(0, len(points), size):
        piece = slice(start, start + size)
        here = np.asarray(points[piece] - centre, np.float32)
        squares = lengths - 2 * (here @ there.T)
        which[piece] = np.argpartition(squares, k - 1, axis=1)[:, k - 1]
        # the one that was found is measured again: a difference of squares is not exact where it is small
        apart[piece] = np.linalg.norm((here - there[which[piece]]).astype(np.float64), axis=1)
    return which, apart


def distances(points: NDArray[np.floating], others: NDArray[np.floating], k: int = 1) -> NDArray[np.float64]:
    """The euclidean distance of each point from its k-th nearest of the others: `(points,)`.

    Takes and raises what `nearest` does.
    """
    return nearest(points, others, k)[1]
