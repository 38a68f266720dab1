"""codes.npz: codes of test images, and how dense those of training images lie."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.latent.density import NEIGHBOUR, Density
from diabolo.train.datasets import Images, Rows, spread

__all__ = ["codes_of", "density_of"]

_Floats = NDArray[np.float32]
_Any = NDArray[Any]

_CODES = 3000, 128, 400_000  # of test images: at most, at least, and values in all
_TRAINING = 5000, 500, 2**17  # of training images
_SEED = 0
_STEPS = 64  # of a code, in its dimension's deviation


def codes_of(
    pair: Pair, images: Images | _Floats, labels: NDArray[np.integer[Any]] | None
) -> dict[str, _Any]:
    """`codes` of some images, float32 `(n, *latent_shape)`, and `labels`, int64, if there are any.

    Codes are rounded to less than a hundredth of each dimension's deviation: no picture shows it, and the
    file is half as large.

    Args:
        pair: the model.
        images: such as it was not trained on, uint8, or float32 in [0, 1].
        labels: of the images.
    """
    chosen = spread(len(images), _at_most(_CODES, pair))
    arrays: dict[str, _Any] = {"codes": _rounded(pair.latents(_of(images, chosen)))}
    return arrays if labels is None else arrays | {"labels": labels[chosen].astype(np.int64)}


def density_of(pair: Pair, learned: Images | _Floats, tested: Images | _Floats) -> dict[str, _Any]:
    """What `runtime.latent.density` needs: `training` and `distances`; nothing if there are too few images.

    `training` are codes of some images that the model was trained on, rounded as above, drawn from the
    encoder's gaussian where it gives one. `distances` are quantiles of how far codes of `tested`, drawn
    alike, lie from the fifth nearest of those. Images are uint8, or float32 in [0, 1].
    """
    count = _at_most(_TRAINING, pair)
    some = [_of(images, spread(len(images), count)) for images in (learned, tested)]
    mine, others = (pair.codes(rows, np.random.default_rng([_SEED, n]))[1] for n, rows in enumerate(some))
    if len(mine) < NEIGHBOUR:
        return {}
    training = _rounded(mine)
    return {"training": training, "distances": Density.of(training, others).quantiles}


def _at_most(limits: tuple[int, int, int], pair: Pair) -> int:
    most, least, total = limits
    return min(most, max(least, total // prod(pair.latent_shape)))


def _of(images: Images | _Floats, chosen: NDArray[np.int64]) -> Images | _Floats:
    return images.rows(chosen) if isinstance(images, Rows) else images[chosen]


def _rounded(codes: _Floats) -> _Floats:
    """In each dimension to a power of two, at most a 64th of the deviation."""
    deviation = codes.std(0, dtype=np.float64)
    varies = deviation > 0
    step = np.exp2(np.floor(np.log2(np.where(varies, deviation, 1) / _STEPS)))
    return np.where(varies, np.round(codes / step) * step, codes).astype(np.float32)
