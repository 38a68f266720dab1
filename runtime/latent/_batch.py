"""Check the latents that a decoder is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime._foreign import detached, reason
from diabolo.runtime.errors import LatentError

__all__ = ["are_extreme", "as_codes", "as_latents", "as_numbers", "finite"]

_FLOAT32 = np.dtype(np.float32)
_EXTREME = 1e12  # sum of the squares


def as_latents(latents: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Convert latents to a batch.

    Args:
        latents: numbers, `(batch, *shape)`, or `shape` for a single latent: an array, a tensor on the CPU, or
            nested lists.
        shape: of one latent; rows and columns are 0 if the model takes any.

    Returns:
        float32 `(batch, *shape)`, all finite.

    Raises:
        LatentError: the latents have another shape, or values that are not finite numbers.
    """
    array: Any = latents
    if type(array) is not np.ndarray or array.dtype is not _FLOAT32:
        array = _numbers(latents, shape)
    if shape and shape[-1] == 0 and array.ndim in (3, 4) and all(array.shape[-2:]):
        shape = (shape[0], *array.shape[-2:])
    if array.shape == shape:
        array = array[None]
    if array.shape[1:] != shape:
        raise LatentError(f"latents of shape {array.shape} do not fit: this model takes (batch, *{shape}).")
    if not finite(array):
        raise LatentError("latents hold values that are not numbers (NaN or infinite).")
    checked: NDArray[np.float32] = array
    return checked


def as_codes(codes: ArrayLike) -> NDArray[np.float32]:
    """Convert codes of a model that is known by them only.

    Args:
        codes: numbers, `(n, *latent_shape)`, n at least 1.

    Returns:
        float32, shaped as `codes`, all finite.

    Raises:
        LatentError: there are none, or values that are not finite numbers.
    """
    array = _numbers(codes, ())
    if array.ndim < 2 or not array.size:
        raise LatentError(f"codes must have the shape (n, *latent_shape), at least one, not {array.shape}.")
    return as_latents(array, array.shape[1:])


def as_numbers(compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """What `compute` interpolates between latents.

    Raises:
        LatentError: the latents are so large that there are values between them that are not numbers.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        latents = compute()
    if not finite(latents):
        raise LatentError("these latents are too large: between them there are values that are not numbers.")
    return latents


def _numbers(latents: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Latents of any type as float32. A number that is too large for it becomes infinite."""
    try:
        with np.errstate(over="ignore"):
            return detached(latents).astype(np.float32, casting="same_kind")
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor on a GPU, a list of unequal lists
        raise LatentError(
            f"latents must be numbers, of shape (batch, *{shape}) or {shape}; what was given cannot be "
            f"converted: {reason(error)}."
        ) from None


def finite(array: NDArray[np.float32]) -> bool:
    """Whether all values are finite. The sum of their squares usually tells, and is faster to compute."""
    flat = array.ravel()
    return math.isfinite(np.vdot(flat, flat)) or bool(np.isfinite(array).all())  # dot would warn of infinity


def are_extreme(latents: NDArray[np.float32]) -> bool:
    """Whether there are latents so large that a decoder may return values that are not numbers."""
    flat = latents.ravel()
    return not np.vdot(flat, flat) < _EXTREME
