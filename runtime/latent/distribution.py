"""Where new latents are drawn from, when a model has no prior: a gaussian fitted to its codes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Gaussian", "draw", "draw_from", "fit_gaussian"]

_LARGE = 768  # dimensions; the covariance's eigenvectors take 0.1 s there, and 4 s where it has 2,500

Gaussian: TypeAlias = "tuple[NDArray[np.float64], NDArray[Any]]"
"""Mean `(d,)` and a root `(d, k)` of the covariance: root @ n + mean, n ~ N(0, I), is one draw."""


def fit_gaussian(codes: NDArray[np.float32]) -> Gaussian | None:
    """The gaussian with the mean and the covariance of codes.

    In up to 768 dimensions the root is made of eigenvectors, k = d and float64. In more it is the n centred
    codes themselves, k = n and float32: a root of the same covariance that takes no time to find.

    Args:
        codes: `(n, *latent_shape)`, d values each.

    Returns:
        None when there are too few codes (no more than d) to tell a covariance.
    """
    flat = codes.reshape(len(codes), -1)
    count, dimensions = flat.shape
    if count <= dimensions:
        return None
    if dimensions > _LARGE:
        mean = flat.mean(axis=0, dtype=np.float64)
        return mean, ((flat - mean.astype(np.float32)) / np.float32(np.sqrt(count - 1))).T
    flat = flat.astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False).reshape(dimensions, -1))
    return flat.mean(axis=0), vectors * np.sqrt(np.maximum(values, 0))


def draw_from(fitted: Gaussian, count: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """So many draws `(count, d)`."""
    mean, root = fitted
    normal = chance.standard_normal((count, root.shape[1]))
    return normal.astype(root.dtype, copy=False) @ root.T + mean


def draw(codes: NDArray[np.float32], count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """Latents `(count, *latent_shape)` from a gaussian with the codes' mean and covariance, in their range.

    Where there are too few codes to tell a covariance, each dimension goes by itself.
    """
    flat = codes.reshape(len(codes), -1)
    fitted = fit_gaussian(codes)
    if fitted is None:
        drawn = chance.standard_normal((count, flat.shape[1])) * flat.std(0) + flat.mean(0)
    else:
        drawn = draw_from(fitted, count, chance)
    kept: NDArray[np.float32] = np.clip(drawn, flat.min(0), flat.max(0)).astype(np.float32)
    return kept.reshape(count, *codes.shape[1:])
