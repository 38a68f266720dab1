"""Adds noise to images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image._array import array_batch
from diabolo.runtime.image.noise._jpeg import jpeg
from diabolo.runtime.image.noise._spec import NoiseSpec

__all__ = ["HIDDEN", "add_noise"]

HIDDEN = 0.5  # the value of pixels in patches that are left out


def add_noise(images: NDArray[np.float32], spec: NoiseSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add noise to copies of images.

    Args:
        images: float32 `(batch, channels, height, width)` in [0, 1].
        spec: the kinds and their levels; from a range, one level is drawn for each image.
        rng: the random generator; the same state gives the same noise.

    Returns:
        float32 `(batch, channels, height, width)`, clipped to [0, 1] unless `spec.clip` is False.

    Raises:
        ImageError: the images are not of this shape, type or range; or neither grey nor RGB, for jpeg.
        UsageError: `spec` or `rng` has another type.
    """
    if not (isinstance(images, np.ndarray) and images.ndim == 4 and images.dtype.kind == "f"):
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        raise ImageError(f"noise is added to float images (batch, channels, height, width), not to {found}.")
    if not (isinstance(spec, NoiseSpec) and isinstance(rng, np.random.Generator)):
        raise UsageError("noise takes a NoiseSpec, and a generator such as np.random.default_rng(0).")
    noisy = array_batch(images, images.shape[1:])
    for step in spec.steps:
        noisy = _add(noisy, step, rng)
    return np.clip(noisy, 0, 1, dtype=np.float32) if spec.clip else noisy


def _add(images: NDArray[np.float32], step: NoiseSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """New images with noise of a single kind, not clipped."""
    level = _draw(step.low, step.high, len(images), rng)
    if step.kind == "jpeg":
        return jpeg(images, np.rint(level.ravel()).astype(int).tolist())
    if step.kind == "patches":
        return np.where(_hidden(images.shape, step.side, level, rng), np.float32(HIDDEN), images)
    if step.kind == "poisson-gaussian":
        read = _draw(*step.read, len(images), rng)
        deviation: NDArray[np.float32] = np.sqrt(level * np.maximum(images, 0) + read**2)
        return images + deviation * rng.standard_normal(images.shape, np.float32)
    if step.kind == "gaussian":
        return images + level * rng.standard_normal(images.shape, np.float32)
    if step.kind == "speckle":
        return images + level * images * rng.standard_normal(images.shape, np.float32)
    draws = rng.random((len(images), 1, *images.shape[2:]), np.float32)
    noisy = np.where(draws < level, np.float32(0), images)
    if step.kind == "salt-pepper":
        # of the pixels that are changed, half become 0 (pepper) and half 1 (salt)
        noisy = np.where((draws >= level / 2) & (draws < level), np.float32(1), noisy)
    return noisy


def _hidden(
    shape: tuple[int, ...], side: int, level: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which pixels are left out: `(batch, 1, height, width)`; patches at the edges may be smaller."""
    batch, _, height, width = shape
    rows, columns = -(-height // side), -(-width // side)
    ranks = rng.random((batch, rows * columns)).argsort(1).argsort(1)
    hidden = (ranks < np.rint(level.reshape(batch, 1) * rows * columns)).reshape(batch, 1, rows, columns)
    return hidden.repeat(side, 2).repeat(side, 3)[:, :, :height, :width]


def _draw(low: float, high: float, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A level for each image: float32 `(count, 1, 1, 1)`."""
    return rng.uniform(low, high, (count, 1, 1, 1)).astype(np.float32)
