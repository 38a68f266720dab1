"""Holes in a latent space: the share of sampled latents that decode to nothing like the data.

The codes of a plain autoencoder leave gaps: regions between them that training never visited, and that decode
to nothing like the data. The figure is the share of such latents in the region that samples come from.

1. The region is where a sampler draws latents: N(0, I) if training drew the codes towards it, otherwise a
   Gaussian with the mean and the covariance of the training images' codes, clipped to their smallest and
   largest values. It reflects how far the codes extend, and nothing about the gaps between them.
2. The distance of a latent from the codes is that from the fifth nearest code of training images, as in
   `diabolo.runtime.latent.density`.
3. The distance of its image from the data is that from the nearest of the decoded codes of training images.
   Decoded codes stand for the data because they are as sharp as the decoder can make them: a model that blurs
   all images slightly is not penalised here. The reconstruction error measures that.
4. A hole is a latent that exceeds a limit in both distances. The limits are set so that 5 of 100 codes of
   test images exceed both: those images are data that the model has not seen, so the data and the model
   themselves decide what is far. 95 % is a convention; at 99 % the limits would depend on about a hundred
   unusual images, and two trainings of one model would differ as much as two kinds of model do.

Both are needed. Far from the codes, a decoder may continue to draw what it drew nearby, and the image is then
like the data. Between two codes a short distance apart, it may turn one letter into another: the image is
then unlike both, but this is a border between classes, with codes on both sides, and not a hole. The latent
spaces of VAEs are full of such borders, most of all in two dimensions and for letters. In papers on VAEs,
'holes' are regions of high prior density with few codes, as in D. Rezende and F. Viola, 'Taming VAEs',
https://arxiv.org/abs/1810.00597. Nearest neighbours of images are used to judge generative models in T.
Kynkaanniemi et al., 'Improved Precision and Recall Metric', https://arxiv.org/abs/1904.06991.

A latent space whose codes fill the region has about 5 % of holes: its samples exceed the limits as often as
test images do.

Pixels are compared, which works as long as few numbers determine an image. With more of them, and for
photographs, every image is far from all others, and a grey blur is closer to many of them than they are to
each other. Hence a control: the mean of the decoded training codes is like none of them. If it is not farther
from them than 99 of 100 test images are, no figure is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import OldAttribute, old_keywords
from diabolo.runtime.latent.density import NEIGHBOUR, scale_of
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal
from diabolo.runtime.latent.knn import distances

__all__ = ["PLACES", "REFERENCES", "TESTED", "Holes", "measure_holes"]

_Array = NDArray[np.float32]
PLACES = 4000  # latents that are sampled
# decoded codes of training images, at most; with a few thousand the share varies by a third
REFERENCES = 20_000
TESTED = 10_000  # decoded codes of test images, at most
_FEWEST = 500  # decoded codes of training images without which there is no figure
_BYTES = 2**28  # decoded images that are held at a time
_LEVEL = 0.95  # the share of the test codes below at least one limit
_CONTROL = 0.99  # the share of the test images that must be closer to the references than their mean is


@dataclass(frozen=True, kw_only=True, eq=False)
class Holes:
    """The result of `measure_holes`. One in twenty test codes exceeds both limits.

    Attributes:
        share: the share of the sampled latents that are holes, in [0, 1]; about 0.05 if there are none. None
            if pixels cannot tell, or there are too few images.
        limit: the distance from the nearest decoded training code above which an image is unlike the data:
            root mean squared difference of pixels, in [0, 1].
        code_limit: the distance from the fifth nearest training code above which a latent is far from the
            codes, in their standard deviations.
        places: the sampled latents, float32 `(places, *latent_shape)`.
        is_hole: which of them are holes, bool `(places,)`.
    """

    share: float | None
    limit: float
    code_limit: float
    places: _Array
    is_hole: NDArray[np.bool_]

    apart = OldAttribute("code_limit")
    far = OldAttribute("is_hole")


@old_keywords(learned="training", tested="test")
def measure_holes(
    decode: Callable[[_Array], _Array],
    training: _Array,
    test: _Array,
    *,
    prior: bool = False,
    distribution: Distribution | None = None,
    places: int = PLACES,
    seed: int = 0,
) -> Holes:
    """Sample latents in the region of the codes, decode them, and find those that are holes.

    Args:
        decode: latents `(n, *latent_shape)` to images `(n, channels, height, width)` in [0, 1].
        training: codes of training images, `(n, *latent_shape)`, the more the better; a VAE's means.
        test: codes of test images, `(m, *latent_shape)`; some hundreds are needed to estimate the limits.
        prior: whether training drew the codes towards N(0, I).
        distribution: from which latents are sampled; by default N(0, I) with `prior`, otherwise a Gaussian
            fitted to `training`.
        places: how many latents to sample.
        seed: of the sampled latents and of the codes that are selected.

    Raises:
        ValueError: fewer than two codes of training images, or no code of test images.
    """
    if len(training) < 2 or not len(test):
        raise ValueError(
            f"measuring holes takes at least two training codes and one test code, not {len(training)} and "
            f"{len(test)}"
        )
    rng = np.random.default_rng(seed)
    size = decode(test[:1])[0].size
    count = max(1, min(REFERENCES, len(training), _BYTES // (4 * size)))
    codes = _selected(training, count, rng)
    references = _decoded(decode, codes)
    test = _selected(test, min(TESTED, count), rng)
    sampled = _region(training, prior, distribution).sample(places, rng)

    def from_data(latents: _Array) -> NDArray[np.float64]:
        chunks = (latents[start : start + count] for start in range(0, len(latents), count))
        return np.concatenate([distances(_decoded(decode, chunk), references) for chunk in chunks])

    test_from_data, test_from_codes = from_data(test), _from_codes(test, codes)
    test_ranks = np.minimum(_rank(test_from_data, test_from_data), _rank(test_from_codes, test_from_codes))
    level = float(np.quantile(test_ranks, _LEVEL))
    ranks = np.minimum(
        _rank(from_data(sampled), test_from_data), _rank(_from_codes(sampled, codes), test_from_codes)
    )
    is_hole = ranks > level
    control = distances(references.mean(0, keepdims=True), references)[0]
    valid = len(references) >= _FEWEST and bool(control > np.quantile(test_from_data, _CONTROL))
    return Holes(
        share=float(is_hole.mean()) if valid else None,
        limit=float(np.quantile(test_from_data, level)) / size**0.5,
        code_limit=float(np.quantile(test_from_codes, level)),
        places=sampled,
        is_hole=is_hole,
    )


def _region(training: _Array, prior: bool, distribution: Distribution | None) -> Distribution:
    if prior or (distribution is not None and distribution.name == "normal"):
        # float32, because float64 would draw other latents, and figures are compared between releases
        return Normal(training.shape[1:], np.float32)
    return distribution or Fitted.to(training)


def _from_codes(latents: _Array, codes: _Array) -> NDArray[np.float64]:
    """The distance from the fifth nearest of the codes, in their standard deviations."""
    flat = codes.reshape(len(codes), -1)
    unit = scale_of(flat)
    return distances(latents.reshape(len(latents), -1) / unit, flat / unit, min(NEIGHBOUR, len(codes)))


def _rank(values: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of `among` that is smaller, for each value."""
    return np.searchsorted(np.sort(among), values) / len(among)


def _decoded(decode: Callable[[_Array], _Array], codes: _Array) -> _Array:
    return decode(codes).reshape(len(codes), -1)


def _selected(codes: _Array, count: int, rng: np.random.Generator) -> _Array:
    """`count` different codes at random, in their order."""
    return codes[np.sort(rng.permutation(len(codes))[:count])]
