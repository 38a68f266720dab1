"""k nearest neighbours by brute force, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distances", "nearest"]

_CHUNK = 2**24  # distances, or values of points, that are computed at a time


def nearest(
    points: NDArray[np.floating], others: NDArray[np.floating], k: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the k-th nearest neighbour of each point among `others`.

    Args:
        points: `(n, dimensions)`.
        others: `(m, dimensions)`, m at least k.
        k: 1 for the nearest.

    Returns:
        The neighbours' indices in `others`, `(n,)`, and their Euclidean distances, `(n,)`.

    Raises:
        ValueError: k is less than 1, or greater than m.
    """
    if not 1 <= k <= len(others):
        raise ValueError(f"k must be from 1 to {len(others)}, the number of other points, not {k}")
    # centred on their mean: far from the origin, the squares below would lose digits
    centre = others.mean(0, dtype=np.float64).astype(np.float32)
    targets = np.asarray(others - centre, np.float32)
    squared_norms = np.einsum("ij,ij->i", targets, targets, dtype=np.float64)
    indices = np.empty(len(points), np.int64)
    found = np.empty(len(points), np.float64)
    size = max(1, _CHUNK // max(len(others), points.shape[1]))
    for start in range(0, len(points), size):
        chunk = slice(start, start + size)
        queries = np.asarray(points[chunk] - centre, np.float32)
        # |q - t|^2 without |q|^2, which does not change the order
        squares = squared_norms - 2 * (queries @ targets.T)
        indices[chunk] = np.argpartition(squares, k - 1, axis=1)[:, k - 1]
        # the distance is computed again: a difference of squares is inexact where it is small
        found[chunk] = np.linalg.norm((queries - targets[indices[chunk]]).astype(np.float64), axis=1)
    return indices, found


def distances(points: NDArray[np.floating], others: NDArray[np.floating], k: int = 1) -> NDArray[np.float64]:
    """The Euclidean distance from each point to its k-th nearest neighbour among `others`.

    Args:
        points: `(n, dimensions)`.
        others: `(m, dimensions)`, m at least k.
        k: 1 for the nearest.

    Returns:
        `(n,)`.

    Raises:
        ValueError: k is less than 1, or greater than m.
    """
    return nearest(points, others, k)[1]
