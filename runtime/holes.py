"""Holes in a latent space, as a number.

Who walks through a latent space goes on straight lines between codes of images. In a plain autoencoder's
space some of the way decodes to nothing that is like the data: nothing was asked of those places in training.
The figure is the share of such places.

1. Places: on straight lines between the codes of pairs of test images, evenly.
2. How unlike the data a place is: the distance of its decoded image from the nearest of the decoded codes of
   training images. Decoded codes stand for the data because they are as sharp as the decoder can be: a model
   that draws everything a little blurred is not punished for it here; the reconstruction error says that.
3. What is too far: farther than 95 of 100 decoded codes of test images are. Those are images of the data
   that the model has not seen: the limit is set by the data and the model and by nobody's taste.

By its definition a space without any holes gets about 5 %, the places being no stranger than test images are;
0 is reached where places lie nearer to the training images than test images do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.nearest import distances

__all__ = ["PLACES", "REFERENCES", "Holes", "measure_holes"]

_Array = NDArray[np.float32]
PLACES = 4000  # on the lines, each on a line of its own
REFERENCES = 5000  # decoded codes of training images, at most
_BYTES = 2**28  # of decoded images that are held at a time
_FAR = 0.95  # quantile of the test codes' distances


@dataclass(frozen=True, kw_only=True, eq=False)
class Holes:
    """What was found on the lines.

    Attributes:
        share: of the places, in [0, 1], that decode to nothing like the data; about .05 without holes.
        limit: the distance from the nearest decoded training code beyond which an image is unlike the data:
            root mean squared difference of pixels, [0, 1].
        at: where on its line each place lies, `(places,)` in [0, 1].
        far: whether it is a hole, bool `(places,)`.
    """

    share: float
    limit: float
    at: NDArray[np.float64]
    far: NDArray[np.bool_]


def measure_holes(
    decode: Callable[[_Array], _Array],
    learned: _Array,
    tested: _Array,
    *,
    places: int = PLACES,
    seed: int = 0,
) -> Holes:
    """Walk between codes of test images and look at what is decoded.

    Args:
        decode: latents `(n, *latent_shape)` to images `(n, channels, height, width)` in [0, 1].
        learned: codes of training images, `(n, *latent_shape)`, the more the better.
        tested: codes of test images, at least two.
        places: how many to look at.
        seed: of the pairs and of the places between them.

    Raises:
        ValueError: fewer than two codes of test images, or none of training images.
    """
    if len(tested) < 2 or not len(learned):
        raise ValueError("holes are looked for between two test codes at least, beside training codes")
    chance = np.random.default_rng(seed)
    size = decode(tested[:1])[0].size
    some = max(1, min(REFERENCES, len(learned), _BYTES // (4 * size)))
    references = _flat(decode(_drawn(learned, some, chance)))
    own = distances(_flat(decode(_drawn(tested, min(places, some), chance))), references)
    limit = float(np.quantile(own, _FAR))
    first, second = _pairs(len(tested), places, chance)
    at = chance.random(places)
    on = at.reshape(-1, *[1] * (tested.ndim - 1))
    walked = ((1 - on) * tested[first] + on * tested[second]).astype(np.float32)
    far = np.concatenate(
        [distances(_flat(decode(walked[i : i + some])), references) > limit for i in range(0, places, some)]
    )
    return Holes(share=float(far.mean()), limit=limit / size**0.5, at=at, far=far)


def _flat(images: _Array) -> _Array:
    return images.reshape(len(images), -1)


def _drawn(codes: _Array, count: int, chance: np.random.Generator) -> _Array:
    """So many of them, none twice."""
    return codes[np.sort(chance.permutation(len(codes))[:count])]


def _pairs(
    count: int, places: int, chance: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two different ones of `count` for each place."""
    first = chance.integers(count, size=places)
    return first, (first + chance.integers(1, count, size=places)) % count
