"""The figures of pictures that were processed at their own size: the one place where they are computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from diabolo.runtime import NoiseSpec, add_noise
from diabolo.runtime.image.metrics import psnr_of_mse
from diabolo.runtime.image.photo import Photo, photo_mse, photo_noise, photo_ssim

__all__ = ["Figures", "Spoil", "denoised", "noise_added", "reconstructed", "spoiled"]

_STEPS = 255  # grey levels from black to white

# the picture as given, as the model got it, and the result
Figures: TypeAlias = Callable[[Photo, Photo, Photo], dict[str, float | None]]
Spoil: TypeAlias = Callable[[Photo, int], Photo]  # a picture, and its index among all


def denoised(given: Photo, _seen: Photo, result: Photo) -> dict[str, float | None]:
    """Figures of a picture whose clean version is not known; the noise is in grey levels, 0 to 255."""
    before, after = (_STEPS * photo_noise(photo) for photo in (given, result))
    return {
        "change": photo_mse(given, result),
        "noise_before": None if math.isnan(before) else before,  # the picture is too small
        "noise_after": None if math.isnan(after) else after,
    }


def noise_added(given: Photo, seen: Photo, result: Photo) -> dict[str, float | None]:
    """Figures of a picture to which noise was added."""
    error = photo_mse(given, result)
    return {
        "noisy_psnr": _psnr(photo_mse(given, seen)),
        "mse": error,
        "psnr": _psnr(error),
        "ssim": photo_ssim(given, result),
    }


def reconstructed(usual: object) -> Figures:
    """The figures of a reconstruction.

    Args:
        usual: the model's mean squared error on test images, if it is known.
    """

    def compute(given: Photo, _seen: Photo, result: Photo) -> dict[str, float | None]:
        error = photo_mse(given, result)
        known = isinstance(usual, int | float) and usual > 0
        return {
            "mse": error,
            "psnr": _psnr(error),
            "ssim": photo_ssim(given, result),
            "anomaly": error / float(usual) if known else None,  # type: ignore[arg-type]
        }

    return compute


def spoiled(spec: NoiseSpec, seed: int) -> Spoil:
    """A function that adds noise to a whole picture, rounded to the picture's bits as in a file."""

    def spoil(photo: Photo, number: int) -> Photo:
        values = photo.pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(photo.peak)
        noisy = add_noise(values, spec, np.random.default_rng([seed, number]))
        samples = np.rint(np.clip(noisy[0], 0, 1) * photo.peak).astype(photo.pixels.dtype)
        return photo.replaced(np.ascontiguousarray(samples.transpose(1, 2, 0)))

    return spoil


def _psnr(error: float) -> float:
    return float(psnr_of_mse(np.array(error)))
