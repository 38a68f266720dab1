"""Decode pictures at their own size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diabolo.runtime.image.convert import open_image
from diabolo.train.datasets._crops import Pictures
from diabolo.train.datasets._decoding.resize_options import Fitting

__all__ = ["decode_pictures"]


def decode_pictures(paths: Sequence[Path], fitting: Fitting) -> Pictures:
    """The pictures at their own size, RGB, or grey if `fitting.colour` is False."""
    mode = "L" if fitting.colour is False else "RGB"
    decoded = []
    for path in paths:
        pixels = np.asarray(open_image(path).convert(mode))
        decoded.append(np.atleast_3d(pixels).transpose(2, 0, 1))
    return Pictures.of(decoded)
