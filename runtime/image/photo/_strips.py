"""The samples of a photograph, some rows at a time, as they stand in a file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diabolo.runtime.image.photo._photo import Photo, Samples

__all__ = ["channels_of", "rows_in_strip", "strips"]

_STRIP = 1 << 20  # bytes


def channels_of(photo: Photo) -> int:
    """Samples in a pixel, alpha included: 1 to 4."""
    return int(photo.pixels.shape[2]) + (photo.alpha is not None)


def rows_in_strip(photo: Photo) -> int:
    """How many rows make about a megabyte; at least one."""
    width, height = photo.size
    row = width * channels_of(photo) * photo.pixels.dtype.itemsize
    return max(1, min(height, _STRIP // row))


def strips(photo: Photo) -> Iterator[Samples]:
    """The samples from top to bottom, `(rows, width, channels)`, alpha last."""
    step = rows_in_strip(photo)
    for top in range(0, photo.pixels.shape[0], step):
        pixels = photo.pixels[top : top + step]
        if photo.alpha is None:
            yield pixels
        else:
            joined: Samples = np.concatenate([pixels, photo.alpha[top : top + step, :, None]], axis=2)
            yield joined
