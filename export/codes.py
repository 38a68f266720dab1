"""Make codes.npz: codes of test images, and the density of training codes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime._old_names import old_keywords
from diabolo.runtime.latent.density import NEIGHBOUR, Density
from diabolo.train.datasets import Images, spread

__all__ = ["codes_of", "density_of"]

_Floats = NDArray[np.float32]
_Any = NDArray[Any]

_CODES = 3000, 128, 400_000  # codes of test images: at most, at least, and their values in total
_TRAINING = 5000, 500, 2**17  # codes of training images, likewise
_SEED = 0
_STEPS = 64  # steps in a standard deviation, to which codes are rounded


def codes_of(
    pair: Pair, images: Images | _Floats, labels: NDArray[np.integer[Any]] | None
) -> dict[str, _Any]:
    """Encode some of the images.

    Codes are rounded, with an error of less than a hundredth of each dimension's standard deviation. This is
    not visible in images and halves the size of the file.

    Args:
        pair: the model.
        images: images that it was not trained on, `(n, *image_shape)`, uint8, or float32 in [0, 1].
        labels: of the images, `(n,)`, or None.

    Returns:
        `codes`, float32 `(m, *latent_shape)`, and `labels`, int64 `(m,)`, if there are labels; m at most
        3000.
    """
    chosen = spread(len(images), _at_most(_CODES, pair))
    arrays: dict[str, _Any] = {"codes": _rounded(pair.latents(_rows(images, chosen)))}
    return arrays if labels is None else arrays | {"labels": labels[chosen].astype(np.int64)}


@old_keywords(learned="training", tested="test")
def density_of(pair: Pair, training: Images | _Floats, test: Images | _Floats) -> dict[str, _Any]:
    """The arrays for `diabolo.runtime.latent.density`.

    Args:
        pair: the model.
        training: images that it was trained on, `(n, *image_shape)`, uint8, or float32 in [0, 1].
        test: images that it was not trained on, likewise.

    Returns:
        `training`, codes of some training images, float32 `(m, *latent_shape)`, m at most 5000: a VAE's are
        drawn from the posterior, and all are rounded as in `codes_of`. `distances`, quantiles of the test
        codes' distances, float32 `(levels,)`. An empty dict if there are too few images.
    """
    count = _at_most(_TRAINING, pair)
    some = [_rows(images, spread(len(images), count)) for images in (training, test)]
    codes, test_codes = (
        pair.codes(rows, np.random.default_rng([_SEED, n]))[1] for n, rows in enumerate(some)
    )
    if len(codes) < NEIGHBOUR:
        return {}
    codes = _rounded(codes)
    return {"training": codes, "distances": Density.of(codes, test_codes).quantiles}


def _at_most(limits: tuple[int, int, int], pair: Pair) -> int:
    most, least, total = limits
    return min(most, max(least, total // prod(pair.latent_shape)))


def _rows(images: Images | _Floats, chosen: NDArray[np.int64]) -> Images | _Floats:
    return images[chosen] if isinstance(images, np.ndarray) else images.rows(chosen)


def _rounded(codes: _Floats) -> _Floats:
    """Round each dimension to multiples of a power of two, at most a 64th of its standard deviation."""
    std = codes.std(0, dtype=np.float64)
    varies = std > 0
    step = np.exp2(np.floor(np.log2(np.where(varies, std, 1) / _STEPS)))
    return np.where(varies, np.round(codes / step) * step, codes).astype(np.float32)
