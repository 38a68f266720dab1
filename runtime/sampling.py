"""Where new latents are drawn from, when a model has no prior: a gaussian fitted to its codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw", "fit_gaussian"]


def fit_gaussian(codes: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Mean `(d,)` and a root `(d, d)` of the covariance: root @ n + mean, n ~ N(0, I), is one draw.

    Args:
        codes: `(n, *latent_shape)`, d values each.

    Returns:
        None when there are too few codes (no more than d) to tell a covariance.
    """
    flat = codes.reshape(len(codes), -1).astype(np.float64)
    count, dimensions = flat.shape
    if count <= dimensions:
        return None
    values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False).reshape(dimensions, -1))
    return flat.mean(axis=0), vectors * np.sqrt(np.maximum(values, 0))


def draw(codes: NDArray[np.float32], count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """Latents `(count, *latent_shape)` from a gaussian with the codes' mean and covariance, in their range.

    Where there are too few codes to tell a covariance, each dimension goes by itself.
    """
    flat = codes.reshape(len(codes), -1)
    normal = chance.standard_normal((count, flat.shape[1]))
    fitted = fit_gaussian(codes)
    drawn = normal * flat.std(0) + flat.mean(0) if fitted is None else normal @ fitted[1].T + fitted[0]
    kept: NDArray[np.float32] = np.clip(drawn, flat.min(0), flat.max(0)).astype(np.float32)
    return kept.reshape(count, *codes.shape[1:])
