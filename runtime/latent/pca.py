"""PCA: the two directions in which codes vary most, to look at a latent space of many dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["principal"]

_Array = NDArray[np.float32]
_ITERATIONS = 24
_WIDTH = 6  # directions that are iterated; more than the two wanted, so that these converge sooner


def principal(codes: _Array) -> tuple[_Array, _Array]:
    """The first two principal directions of codes.

    By orthogonal iteration, which does not form the covariance matrix of a large latent (G. Golub and
    C. Van Loan, 'Matrix Computations', section 8.2). The largest component of each direction is positive, so
    that the same codes always give the same signs.

    Args:
        codes: `(n, d)`, d at least 2.

    Returns:
        The direction of the largest variance and that of the second largest: float32 `(d,)`, of length 1.
    """
    centred = (codes - codes.mean(0)).astype(np.float64)
    width = min(_WIDTH, centred.shape[1])
    basis = np.random.default_rng(0).standard_normal((centred.shape[1], width))
    for _ in range(_ITERATIONS):
        basis, _r = np.linalg.qr(centred.T @ (centred @ basis))
    projected = centred @ basis
    _values, vectors = np.linalg.eigh(projected.T @ projected)  # ascending eigenvalues
    directions = (basis @ vectors[:, :-3:-1]).T
    largest = directions[np.arange(2), np.abs(directions).argmax(1)]
    first, second = (directions * np.where(largest < 0, -1, 1)[:, None]).astype(np.float32)
    return first, second
