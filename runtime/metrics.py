"""How far a reconstruction is from its image. Images are float in [0, 1], batches first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mse", "psnr", "psnr_of_mse"]


def mse(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean squared error of each image: `(batch,)`, at least 0; 1/n sum (y_i - y~_i)^2 over its n values.

    Raises:
        ValueError: the shapes differ.
    """
    if images.shape != others.shape:
        raise ValueError(f"shapes differ: {images.shape} and {others.shape}")
    difference = np.asarray(images, np.float64) - np.asarray(others, np.float64)
    error: NDArray[np.float64] = np.square(difference).reshape(len(images), -1).mean(axis=1)
    return error


def psnr(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio of each image in dB, `(batch,)`; infinite where they are equal."""
    return psnr_of_mse(mse(images, others))


def psnr_of_mse(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """PSNR in dB of mean squared errors, for values in [0, 1]: -10 log10(MSE)."""
    with np.errstate(divide="ignore"):
        return -10 * np.log10(error)
