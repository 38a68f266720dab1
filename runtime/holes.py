"""Holes in a latent space, as a number.

A plain autoencoder's codes leave gaps: places among them that training asked nothing of, and that decode to
nothing like the data. The figure is the share of such places in the region that the codes take up.

1. The region: a gaussian with the mean and the covariance of the training images' codes, cut off at their
   smallest and largest values. It is where a slider or a sampler goes that knows how far the codes reach and
   nothing of what lies between them. A VAE's is about its prior.
2. How unlike the data a place is: the distance of its decoded image from the nearest of the decoded codes of
   training images. Decoded codes stand for the data because they are as sharp as the decoder can be: a model
   that draws everything a little blurred is not punished for it here; the reconstruction error says that.
3. What is too far: farther than 99 of 100 decoded codes of test images are. Those are images of the data
   that the model has not seen: the limit is set by the data and the model and by nobody's taste.

A space whose codes fill their region gets about 1 %, since its places are no stranger than test images are.

Pixels are compared, which can tell what is no digit where few numbers draw the digits. With more of them, and
for photos, each image is far from all others, and a grey blur nearer to many than they are to each other. So
there is a control: the mean of the decoded training codes is like none of them; where it does not count as
far, no figure is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.nearest import distances
from diabolo.runtime.sampling import draw

__all__ = ["PLACES", "REFERENCES", "TESTED", "Holes", "measure_holes"]

_Array = NDArray[np.float32]
PLACES = 4000  # that are looked at
REFERENCES = (
    20_000  # decoded codes of training images, at most; with a few thousand the share varies by a third
)
TESTED = 10_000  # decoded codes of test images, at most
_FEWEST = 500  # of them, for a figure
_BYTES = 2**28  # of decoded images that are held at a time
_FAR = 0.99  # quantile of the test codes' distances


@dataclass(frozen=True, kw_only=True, eq=False)
class Holes:
    """What was found.

    Attributes:
        share: of the places, in [0, 1], that decode to nothing like the data; about .01 without holes; None
            where pixels cannot tell, or images are too few.
        limit: the distance from the nearest decoded training code beyond which an image is unlike the data:
            root mean squared difference of pixels, [0, 1].
        places: the latents that were looked at, `(places, *latent_shape)`.
        far: which of them are holes, bool `(places,)`.
    """

    share: float | None
    limit: float
    places: _Array
    far: NDArray[np.bool_]


def measure_holes(
    decode: Callable[[_Array], _Array],
    learned: _Array,
    tested: _Array,
    *,
    places: int = PLACES,
    seed: int = 0,
) -> Holes:
    """Look at what places in the region of the codes decode to.

    Args:
        decode: latents `(n, *latent_shape)` to images `(n, channels, height, width)` in [0, 1].
        learned: codes of training images, `(n, *latent_shape)`, the more the better.
        tested: codes of test images; some hundreds at least make a limit.
        places: how many to look at.
        seed: of the places.

    Raises:
        ValueError: fewer than two codes of training images, or none of test images.
    """
    if len(learned) < 2 or not len(tested):
        raise ValueError("holes are looked for between two training codes at least, with test codes beside")
    chance = np.random.default_rng(seed)
    size = decode(tested[:1])[0].size
    some = max(1, min(REFERENCES, len(learned), _BYTES // (4 * size)))
    references = _decoded(decode, _drawn(learned, some, chance))
    own = distances(_decoded(decode, _drawn(tested, min(TESTED, some), chance)), references)
    limit = float(np.quantile(own, _FAR))
    where = draw(learned, places, chance)
    pieces = (where[start : start + some] for start in range(0, places, some))
    far = np.concatenate([distances(_decoded(decode, piece), references) > limit for piece in pieces])
    told = len(references) >= _FEWEST and bool(
        distances(references.mean(0, keepdims=True), references)[0] > limit
    )
    return Holes(share=float(far.mean()) if told else None, limit=limit / size**0.5, places=where, far=far)


def _decoded(decode: Callable[[_Array], _Array], codes: _Array) -> _Array:
    return decode(codes).reshape(len(codes), -1)


def _drawn(codes: _Array, count: int, chance: np.random.Generator) -> _Array:
    """So many of them, none twice."""
    return codes[np.sort(chance.permutation(len(codes))[:count])]
