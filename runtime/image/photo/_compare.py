"""How much two photographs differ, and how noisy one is, without float copies of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise_level import estimate_noise
from diabolo.runtime.image.photo._photo import Photo

__all__ = ["photo_mse", "photo_noise", "photo_ssim"]

_STRIP = 1 << 18  # pixels
_WINDOW = 11  # rows, of SSIM


def photo_mse(photo: Photo, other: Photo) -> float:
    """The mean squared error between two photographs of one size, of values in [0, 1]; alpha is left out."""
    rows = _rows(photo)
    total = sum(
        float(metrics.mse(_values(photo, top, top + rows), _values(other, top, top + rows))[0]) * height
        for top, height in _parts(photo.size[1], rows)
    )
    return total / photo.size[1]


def photo_ssim(photo: Photo, other: Photo) -> float:
    """SSIM of two photographs of one size, as `runtime.image.metrics.ssim`; alpha is left out."""
    # windows that start in these rows reach into those below
    starts = max(1, photo.size[1] - _WINDOW + 1)
    rows = _rows(photo)
    total = 0.0
    for top, height in _parts(starts, rows):
        end = top + height + _WINDOW - 1
        total += float(metrics.ssim(_values(photo, top, end), _values(other, top, end))[0]) * height
    return total / starts


def photo_noise(photo: Photo) -> float:
    """The estimated standard deviation of the noise, of values in [0, 1]; see `estimate_noise`."""
    return estimate_noise(photo.in_format("WEBP").pixels.transpose(2, 0, 1))  # which has 8 bits


def _rows(photo: Photo) -> int:
    return max(1, _STRIP // photo.size[0])


def _parts(length: int, step: int) -> Iterator[tuple[int, int]]:
    return ((start, min(step, length - start)) for start in range(0, length, step))


def _values(photo: Photo, top: int, end: int) -> NDArray[np.float32]:
    """Rows of a photograph as a batch of one image, float32 in [0, 1]."""
    rows = photo.pixels[top:end].transpose(2, 0, 1)[None]
    return rows.astype(np.float32) / np.float32(photo.peak)
