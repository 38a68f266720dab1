"""Holes in a latent space, as a number.

A plain autoencoder's codes leave gaps: places among them that training asked nothing of, and that decode to
nothing like the data. The figure is the share of such places in the region that one walks through.

1. The region is where a sampler goes: N(0, I) where training drew latents towards it, else a gaussian with
   the mean and the covariance of the training images' codes, cut off at their smallest and largest values. It
   knows how far the codes reach and nothing of what lies between them.
2. How far from the codes a place is: the distance from the fifth nearest code of training images, as
   `diabolo.runtime.latent.density` has it.
3. How unlike the data its image is: the distance from the nearest of the decoded codes of training images.
   Decoded codes stand for the data because they are as sharp as the decoder can be: a model that draws
   everything a little blurred is not punished for it here; the reconstruction error says that.
4. A hole is what is strange in both: more than 95 of 100 codes of test images are. Those are of the data,
   and the model has not seen them: how far is far is said by the data and the model. Nineteen in twenty is
   convention; with 99 in 100 the limit hangs on some hundred odd images, and two trainings of one model
   differ in them by as much as two kinds of model do.

Both, since either alone is no hole. Far from the codes, a decoder may go on drawing what it drew before: that
is like the data. And among the codes it may turn one letter into another within a short step: what lies
between is like neither, but it is a border, with codes on both sides. That is what VAEs' spaces are full of,
in two dimensions and on letters most of all. High prior density with few codes is what 'holes' are in papers
on VAEs, such as Rezende and Viola, 'Taming VAEs', https://arxiv.org/abs/1810.00597; by images, with nearest
neighbours, generative models are judged in Kynkaanniemi et al., 'Improved Precision and Recall Metric',
https://arxiv.org/abs/1904.06991.

A space whose codes fill the region gets about 5 %, since its places are no stranger than test images are.

Pixels are compared, which can tell what is no digit where few numbers draw the digits. With more of them, and
for photos, each image is far from all others, and a grey blur nearer to many than they are to each other. So
there is a control: the mean of the decoded training codes is like none of them; where it is not farther from
them than 99 of 100 test images, no figure is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.density import NEIGHBOUR, scale_of
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal
from diabolo.runtime.latent.knn import distances

__all__ = ["PLACES", "REFERENCES", "TESTED", "Holes", "measure_holes"]

_Array = NDArray[np.float32]
PLACES = 4000  # that are looked at
REFERENCES = (
    20_000  # decoded codes of training images, at most; with a few thousand the share varies by a third
)
TESTED = 10_000  # decoded codes of test images, at most
_FEWEST = 500  # of them, for a figure
_BYTES = 2**28  # of decoded images that are held at a time
_FAR = 0.95  # of the test codes that are less strange
_CONTROL = 0.99  # of the test images that are nearer to the training ones than the mean of these is


@dataclass(frozen=True, kw_only=True, eq=False)
class Holes:
    """What was found.

    Attributes:
        share: of the places, in [0, 1], that are holes; about .05 without any; None where pixels cannot
            tell, or images are too few.
        limit: the distance from the nearest decoded training code beyond which an image is unlike the data:
            root mean squared difference of pixels, [0, 1].
        apart: the distance from the fifth nearest training code beyond which a place is far from the codes,
            in their deviations. One in twenty test codes is beyond both limits.
        places: the latents that were looked at, `(places, *latent_shape)`.
        far: which of them are holes, bool `(places,)`.
    """

    share: float | None
    limit: float
    apart: float
    places: _Array
    far: NDArray[np.bool_]


def measure_holes(
    decode: Callable[[_Array], _Array],
    learned: _Array,
    tested: _Array,
    *,
    prior: bool = False,
    distribution: Distribution | None = None,
    places: int = PLACES,
    seed: int = 0,
) -> Holes:
    """Look at what places in the region of the codes decode to.

    Args:
        decode: latents `(n, *latent_shape)` to images `(n, channels, height, width)` in [0, 1].
        learned: codes of training images, `(n, *latent_shape)`, the more the better; a VAE's means.
        tested: codes of test images; some hundreds at least make a limit.
        prior: training drew latents towards N(0, I).
        distribution: what the places are drawn from; by default N(0, I) with `prior`, or else a gaussian
            fitted to `learned`.
        places: how many to look at.
        seed: of the places.

    Raises:
        ValueError: fewer than two codes of training images, or none of test images.
    """
    if len(learned) < 2 or not len(tested):
        raise ValueError("holes are looked for between two training codes at least, with test codes beside")
    rng = np.random.default_rng(seed)
    size = decode(tested[:1])[0].size
    some = max(1, min(REFERENCES, len(learned), _BYTES // (4 * size)))
    codes = _drawn(learned, some, rng)
    references = _decoded(decode, codes)
    tested = _drawn(tested, min(TESTED, some), rng)
    where = _region(learned, prior, distribution).sample(places, rng)

    def unlike(latents: _Array) -> NDArray[np.float64]:
        pieces = (latents[start : start + some] for start in range(0, len(latents), some))
        return np.concatenate([distances(_decoded(decode, piece), references) for piece in pieces])

    own, own_apart = unlike(tested), _apart(tested, codes)
    strange = np.minimum(_rank(own, own), _rank(own_apart, own_apart))
    level = float(np.quantile(strange, _FAR))
    far = np.minimum(_rank(unlike(where), own), _rank(_apart(where, codes), own_apart)) > level
    mean = distances(references.mean(0, keepdims=True), references)[0]
    told = len(references) >= _FEWEST and bool(mean > np.quantile(own, _CONTROL))
    return Holes(
        share=float(far.mean()) if told else None,
        limit=float(np.quantile(own, level)) / size**0.5,
        apart=float(np.quantile(own_apart, level)),
        places=where,
        far=far,
    )


def _region(learned: _Array, prior: bool, distribution: Distribution | None) -> Distribution:
    if prior or (distribution is not None and distribution.name == "normal"):
        # in float32: other places would be drawn in float64, and figures compare by the same ones
        return Normal(learned.shape[1:], np.float32)
    return distribution or Fitted.to(learned)


def _apart(latents: _Array, codes: _Array) -> NDArray[np.float64]:
    """From the fifth nearest of the codes, in their deviations, dimension by dimension."""
    flat = codes.reshape(len(codes), -1)
    unit = scale_of(flat)
    return distances(latents.reshape(len(latents), -1) / unit, flat / unit, min(NEIGHBOUR, len(codes)))


def _rank(values: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of `among` that is smaller, for each value."""
    return np.searchsorted(np.sort(among), values) / len(among)


def _decoded(decode: Callable[[_Array], _Array], codes: _Array) -> _Array:
    return decode(codes).reshape(len(codes), -1)


def _drawn(codes: _Array, count: int, rng: np.random.Generator) -> _Array:
    """So many of them, none twice."""
    return codes[np.sort(rng.permutation(len(codes))[:count])]
