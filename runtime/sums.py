"""Two sums in which every weight of a pair has its part: a golden image alone leaves many of them silent.

The codes that a bundle brings are decoded, and what comes out is encoded again, together with some noise.
Each answer is added to or taken from a sum, by turns, so that what all have in common does not cover what one
has. A weight that was changed changes the answers of those codes that need it, and the sums with them; two
right ways of computing differ by rounding, which mostly cancels out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

__all__ = ["CODES", "sums"]

CODES = 256  # of a bundle's codes, evenly spaced; all where it has fewer
_NOISE = 8  # images of noise: what lies at the border of the codes' images is mostly black
_AT_ONCE = 16

_Array = NDArray[np.float32]


def sums(
    encode: Callable[[_Array], _Array],
    decode: Callable[[_Array], _Array],
    codes: _Array,
    image_shape: tuple[int, int, int],
) -> tuple[_Array, _Array]:
    """The sums of the encoder's and of the decoder's answers.

    Args:
        encode: images `(batch, *image_shape)` to latents.
        decode: latents `(batch, *latent_shape)` to images.
        codes: those of the bundle, `(n, *latent_shape)`, in its order.
        image_shape: channels, height, width.

    Returns:
        float32 `latent_shape` and `image_shape`.
    """
    count = min(CODES, len(codes))
    chosen = codes[np.arange(count) * len(codes) // count].astype(np.float32)
    latent, image = np.zeros(codes.shape[1:]), np.zeros(image_shape)
    for start in range(0, count, _AT_ONCE):
        images = decode(chosen[start : start + _AT_ONCE])
        image += _by_turns(images)
        latent += _by_turns(encode(images))
    latent += _by_turns(encode(_noise(image_shape)))
    return latent.astype(np.float32), image.astype(np.float32)


def _by_turns(answers: _Array) -> NDArray[np.float64]:
    whole = answers.astype(np.float64)
    difference: NDArray[np.float64] = whole[0::2].sum(0) - whole[1::2].sum(0)
    return difference


def _noise(image_shape: tuple[int, int, int]) -> _Array:
    """`(_NOISE, *image_shape)` in [0, 1): Knuth's multiplicative hash of 1, 2, 3, ..., its upper 24 bits.

    D. E. Knuth, The Art of Computer Programming, volume 3, section 6.4.
    """
    numbers = np.arange(1, _NOISE * prod(image_shape) + 1, dtype=np.uint32) * np.uint32(2654435769)
    noise: _Array = (numbers >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)
    return noise.reshape(_NOISE, *image_shape)
