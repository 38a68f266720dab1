"""Estimates how noisy a picture is, from the picture alone.

X. Liu, M. Tanaka and M. Okutomi, 'Single-Image Noise Level Estimation for Blind Denoising', IEEE Transactions
on Image Processing 22 (2013), https://doi.org/10.1109/TIP.2013.2283400: among small patches without texture,
the direction of least variance shows the variance of the noise. Which patches have no texture depends on the
noise, so both are estimated in turns. Two things are added: dark and bright patches, where clipping has
removed a part of the noise, are left out; and the bias of few samples is corrected, for small pictures.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError

__all__ = ["estimate_noise", "estimate_noise_of_channels"]

_SIDE = 5  # pixels of a patch
_PATCHES = 60_000  # of a channel, at most, evenly spaced
_FEWEST = 2 * _SIDE**2  # patches that a covariance is estimated from
_WANTED = 3_000  # patches without texture, from which dark and bright ones may be left out
_ROUNDS = 4  # at most
_SAME = 1e-3  # relative change of the variance that ends the rounds
_CONFIDENCE = 1 - 1e-6  # the share of patches of pure noise that are taken for such
_MARGINS = (2.0, 1.5, 1.0, 0.5)  # standard deviations between a patch's mean and black or white, if possible


def estimate_noise(image: NDArray[np.generic]) -> float:
    """Estimate the standard deviation of the gaussian noise in a picture.

    Args:
        image: `(channels, height, width)`: uint8, or float in [0, 1].

    Returns:
        The standard deviation, of values in [0, 1]: the root mean square over the channels. NaN for a picture
        that is too small, of fewer than 12 x 12 pixels or so.

    Raises:
        ImageError: the array has another shape or type.
    """
    return math.sqrt(np.square(estimate_noise_of_channels(image)).mean())


def estimate_noise_of_channels(image: NDArray[np.generic]) -> NDArray[np.float64]:
    """Estimate the standard deviation of the gaussian noise in each channel of a picture.

    Args:
        image: as in `estimate_noise`.

    Returns:
        float64 `(channels,)`, of values in [0, 1]; NaN for a picture that is too small.

    Raises:
        ImageError: the array has another shape or type.
    """
    if not (isinstance(image, np.ndarray) and image.ndim == 3 and len(image)):
        found = f"shape {image.shape}" if isinstance(image, np.ndarray) else f"type {type(image).__name__}"
        raise ImageError(f"noise is estimated from an array (channels, height, width), not one of {found}.")
    if image.dtype != np.uint8 and image.dtype.kind != "f":
        raise ImageError(f"noise is estimated from uint8 or float values, not from {image.dtype}.")
    scale = 255 if image.dtype == np.uint8 else 1
    return np.array([_estimate(channel, scale) for channel in image])


def _estimate(channel: NDArray[np.generic], scale: int) -> float:
    patches = _patches(channel, scale)
    if len(patches) < _FEWEST:
        return math.nan
    gradients, threshold = _gradients()
    texture = np.einsum("ij,ij->i", patches @ gradients, patches)
    room = 0.5 - np.abs(patches.mean(1))  # between the mean and black or white
    # The smallest eigenvalue of n samples is too small by this factor (Marchenko and Pastur, 1967). On
    # photographs, the result is nearest to the truth with all patches as n, weak or not.
    bias = (1 - _SIDE / math.sqrt(len(patches))) ** 2
    variance = _least_variance(patches) / bias
    for _ in range(_ROUNDS):
        weak = texture <= threshold * variance
        count = int(weak.sum())
        if count < _FEWEST:
            break
        wanted = max(_FEWEST, min(_WANTED, count // 10))
        for margin in _MARGINS:
            inside = weak & (room >= margin * math.sqrt(variance))
            if inside.sum() >= wanted:
                weak = inside
                break
        before, variance = variance, _least_variance(patches[weak]) / bias
        if abs(variance - before) <= _SAME * before:
            break
    return math.sqrt(variance)


def _patches(channel: NDArray[np.generic], scale: int) -> NDArray[np.float32]:
    """Evenly spaced patches: `(n, pixels)` in [-0.5, 0.5]."""
    if min(channel.shape) < _SIDE:
        return np.empty((0, _SIDE**2), np.float32)
    windows = sliding_window_view(channel, (_SIDE, _SIDE))
    step = math.ceil(math.sqrt(windows.shape[0] * windows.shape[1] / _PATCHES))
    step += step > 1 and step % 2 == 0  # odd: all positions in the blocks of a JPEG
    chosen = windows[::step, ::step].reshape(-1, _SIDE**2)
    return chosen.astype(np.float32) / np.float32(scale) - np.float32(0.5)


def _least_variance(patches: NDArray[np.float32]) -> float:
    """The variance of patches in the direction in which it is smallest."""
    centred = patches - patches.mean(0, dtype=np.float64)
    return max(0.0, float(np.linalg.eigvalsh(centred.T @ centred / (len(patches) - 1))[0]))


@functools.cache
def _gradients() -> tuple[NDArray[np.float32], float]:
    """A form G, so that p G p is the sum of the squared gradients in a patch p, and its threshold for noise.

    For a patch of noise of variance 1, the sum is below the threshold with probability `_CONFIDENCE`, if it
    has a gamma distribution, as in the paper.
    """
    index = np.arange(_SIDE**2).reshape(_SIDE, _SIDE)
    pairs = zip(
        np.concatenate([index[:, :-2].ravel(), index[:-2].ravel()]),
        np.concatenate([index[:, 2:].ravel(), index[2:].ravel()]),
        strict=True,
    )
    rows = np.zeros((2 * _SIDE * (_SIDE - 2), _SIDE**2))
    for row, (first, last) in zip(rows, pairs, strict=True):
        row[first], row[last] = -0.5, 0.5
    form = rows.T @ rows
    rank, trace = int(np.linalg.matrix_rank(form)), float(np.trace(form))
    # this gamma distribution is a scaled chi-squared one; its quantile by Wilson and Hilferty, 1931
    spread = 2 / (9 * rank)
    quantile = rank * (1 - spread + NormalDist().inv_cdf(_CONFIDENCE) * math.sqrt(spread)) ** 3
    return form.astype(np.float32), trace / rank * quantile
