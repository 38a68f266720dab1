"""Metrics of reconstructions: MSE, PSNR and SSIM. Images are floats in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mse", "psnr", "psnr_of_mse", "ssim"]


def mse(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean squared error of each image: 1/n sum (y_i - y~_i)^2 over its n values.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        others: shaped as `images`.

    Returns:
        float64 `(batch,)`, at least 0.

    Raises:
        ValueError: the shapes differ.
    """
    if images.shape != others.shape:
        raise ValueError(f"shapes differ: {images.shape} and {others.shape}")
    difference = np.asarray(images, np.float64) - np.asarray(others, np.float64)
    error: NDArray[np.float64] = np.square(difference).reshape(len(images), -1).mean(axis=1)
    return error


def psnr(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio of each image: -10 log10(MSE), in dB.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        others: shaped as `images`.

    Returns:
        float64 `(batch,)`; infinite for images that are equal.

    Raises:
        ValueError: the shapes differ.
    """
    return psnr_of_mse(mse(images, others))


def psnr_of_mse(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """PSNR from mean squared errors of images in [0, 1]: -10 log10(MSE), in dB; infinite for 0.

    Args:
        error: mean squared errors, of any shape; the result has the same.
    """
    with np.errstate(divide="ignore"):
        return -10 * np.log10(error)


_WINDOW = 11  # pixels a side; smaller for a smaller image
_STD = 1.5  # standard deviation of the window's Gaussian, in pixels
_C1, _C2 = 0.01**2, 0.03**2  # for values in [0, 1]


def ssim(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Structural similarity (SSIM) of each image, the mean over windows and channels.

    Z. Wang et al., 'Image Quality Assessment: From Error Visibility to Structural Similarity', IEEE
    Transactions on Image Processing 13, 2004, https://doi.org/10.1109/TIP.2003.819861: a Gaussian window of
    11 x 11 pixels with standard deviation 1.5, at all positions where it is wholly inside the image.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        others: shaped as `images`.

    Returns:
        float64 `(batch,)`, at most 1.

    Raises:
        ValueError: the shapes differ.
    """
    if images.shape != others.shape:
        raise ValueError(f"shapes differ: {images.shape} and {others.shape}")
    x, y = (np.asarray(values, np.float32) for values in (images, others))
    mean_x, mean_y = _window(x), _window(y)
    variance_x, variance_y = _window(x * x) - mean_x**2, _window(y * y) - mean_y**2
    covariance = _window(x * y) - mean_x * mean_y
    value = ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x**2 + mean_y**2 + _C1) * (variance_x + variance_y + _C2)
    )
    mean: NDArray[np.float64] = value.reshape(len(images), -1).mean(axis=1, dtype=np.float64)
    return mean


def _window(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian means over windows: `(batch, channels, height - 10, width - 10)`."""
    for axis in (2, 3):
        side = min(_WINDOW, values.shape[axis] - 1 + values.shape[axis] % 2)  # odd
        offsets = np.arange(side) - side // 2
        weights = np.exp(-0.5 * (offsets / _STD) ** 2)
        weights /= weights.sum()
        length = values.shape[axis] - side + 1
        pieces = (np.take(values, range(i, i + length), axis) * np.float32(w) for i, w in enumerate(weights))
        values = sum(pieces, np.zeros((), np.float32))
    return values
