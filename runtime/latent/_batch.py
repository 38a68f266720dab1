"""Check the latents that a decoder is given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.errors import LatentError

__all__ = ["as_latents"]

_FLOAT32 = np.dtype(np.float32)


def as_latents(latents: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Convert latents to a batch.

    Args:
        latents: numbers, `(batch, *shape)`, or `shape` for a single latent.
        shape: of one latent.

    Returns:
        float32 `(batch, *shape)`, all finite.

    Raises:
        LatentError: the latents have another shape, or values that are not finite numbers.
    """
    array: Any = latents
    if type(array) is not np.ndarray or array.dtype is not _FLOAT32:
        try:
            array = np.asarray(latents).astype(np.float32, casting="same_kind")
        except (TypeError, ValueError):
            raise LatentError(f"latents must be numbers, of shape (batch, *{shape}) or {shape}.") from None
    if array.shape == shape:
        array = array[None]
    if array.shape[1:] != shape:
        raise LatentError(f"latents of shape {array.shape} do not fit: this model takes (batch, *{shape}).")
    if not _finite(array):
        raise LatentError("latents hold values that are not numbers (NaN or infinite).")
    checked: NDArray[np.float32] = array
    return checked


def _finite(array: NDArray[np.float32]) -> bool:
    """Whether all values are finite. The sum of their squares usually tells, and is faster to compute."""
    flat = array.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(array).all())
