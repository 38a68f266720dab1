"""codes.npz: codes of test images, and how dense those of training images lie."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.density import NEIGHBOUR, scale_of
from diabolo.runtime.nearest import distances
from diabolo.train.datasets import Images, spread

__all__ = ["codes_of", "density_of"]

_Floats = NDArray[np.float32]
_Any = NDArray[Any]

_CODES = 3000, 128, 400_000  # of test images: at most, at least, and values in all
_TRAINING = 5000, 500, 2**17  # of training images
_LEVELS = 201  # quantiles of the test codes' distances
_SEED = 0


def codes_of(
    pair: Pair, images: Images | _Floats, labels: NDArray[np.integer[Any]] | None
) -> dict[str, _Any]:
    """`codes` of some images, float32 `(n, *latent_shape)`, and their `labels`, int64, if there are any.

    Codes are rounded to the 8 binary digits of bfloat16: no picture shows it, and the file is half as large.

    Args:
        pair: the model.
        images: such as it was not trained on, uint8, or float32 in [0, 1].
        labels: of the images.
    """
    chosen = spread(len(images), _at_most(_CODES, pair))
    arrays: dict[str, _Any] = {"codes": _rounded(pair.latents(_floats(images[chosen])))}
    return arrays if labels is None else arrays | {"labels": labels[chosen].astype(np.int64)}


def density_of(pair: Pair, learned: Images | _Floats, tested: Images | _Floats) -> dict[str, _Any]:
    """What `runtime.density` needs: `training` and `distances`; nothing where there are too few images.

    `training` are codes of some images that the model was trained on, rounded as above, drawn from the
    encoder's gaussian where it gives one. `distances` are quantiles of how far codes of `tested`, drawn
    alike, lie from the fifth nearest of those. Images are uint8, or float32 in [0, 1].
    """
    count = _at_most(_TRAINING, pair)
    some = (_floats(images[spread(len(images), count)]) for images in (learned, tested))
    mine, others = (pair.codes(images, np.random.default_rng([_SEED, n]))[1] for n, images in enumerate(some))
    if len(mine) < NEIGHBOUR:
        return {}
    training = _rounded(mine)
    flat = training.reshape(len(training), -1)
    scale = scale_of(flat)
    found = distances(others.reshape(len(others), -1) / scale, flat / scale, NEIGHBOUR)
    typical = np.quantile(found, np.linspace(0, 1, _LEVELS)).astype(np.float32)
    return {"training": training, "distances": typical}


def _at_most(limits: tuple[int, int, int], pair: Pair) -> int:
    most, least, total = limits
    return min(most, max(least, total // prod(pair.latent_shape)))


def _floats(images: NDArray[Any]) -> _Floats:
    return images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images


def _rounded(codes: _Floats) -> _Floats:
    """To the nearest value whose last 16 bits are zero."""
    bits = np.ascontiguousarray(codes).view(np.uint32)
    half = ((bits >> 16) & 1) + np.uint32(0x7FFF)
    return ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)
