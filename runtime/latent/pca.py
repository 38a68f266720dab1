"""The plane in which codes spread most, for a look at a latent space of many dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["principal"]

_Array = NDArray[np.float32]
_ROUNDS = 24


def principal(codes: _Array) -> tuple[_Array, _Array]:
    """The two directions in which codes `(n, d)`, d at least 2, spread most: each `(d,)` of length 1.

    By orthogonal iteration, which never makes the covariance of a large latent (G. Golub and C. Van Loan,
    'Matrix Computations', section 8.2).
    """
    centred = (codes - codes.mean(0)).astype(np.float64)
    basis = np.random.default_rng(0).standard_normal((centred.shape[1], min(6, centred.shape[1])))
    for _ in range(_ROUNDS):
        basis, _rest = np.linalg.qr(centred.T @ (centred @ basis))
    small = centred @ basis
    _values, turned = np.linalg.eigh(small.T @ small)  # the widest last
    found = (basis @ turned[:, :-3:-1]).T
    largest = found[np.arange(2), np.abs(found).argmax(1)]
    across, up = (found * np.where(largest < 0, -1, 1)[:, None]).astype(
        np.float32
    )  # the same way round each time
    return across, up
