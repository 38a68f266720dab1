"""Sums of a pair's answers to many inputs: a golden image alone leaves many weights silent.

Codes that a bundle brings are decoded, and what comes out is encoded again; noise is encoded, and what comes
out is decoded. Each answer is added to or taken from a sum, by turns, so that what all have in common does
not cover what one has. A weight that was changed changes the answers of those inputs that need it, and the
sums with them; two right ways of computing differ by rounding, which mostly cancels out. A weight that none
of these inputs needs is still not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

__all__ = ["Total", "sums"]

_CODES = 16, 256  # of a bundle's codes, evenly spaced: at least, at most; all where it has fewer
_VALUES = 1 << 20  # of all their images together, unless that is fewer codes than the least
_NOISE = 8  # images of noise: what lies at the border of the codes' images is mostly black
_AT_ONCE = 8

_Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Total:
    """A sum of answers.

    Attributes:
        values: float32, of the shape of one answer.
        largest: the largest absolute value of all the answers.
    """

    values: _Array
    largest: float


def sums(
    encode: Callable[[_Array], dict[str, _Array]],
    decode: Callable[[_Array], _Array],
    codes: _Array,
    image_shape: tuple[int, int, int],
) -> dict[str, Total]:
    """The sums of the encoder's answers, by its outputs' names, and of the decoder's as 'image'.

    Args:
        encode: images `(batch, *image_shape)` to `latent` and, where there is one, `log_variance`.
        decode: latents `(batch, *latent_shape)` to images.
        codes: those of the bundle, `(n, *latent_shape)`, in its order.
        image_shape: channels, height, width.
    """
    least, most = _CODES
    count = min(len(codes), max(least, min(most, _VALUES // prod(image_shape))))
    chosen = codes[np.arange(count) * len(codes) // count].astype(np.float32)
    answers: dict[str, list[tuple[NDArray[np.float64], float]]] = {}

    def note(found: dict[str, _Array]) -> None:
        for name, values in found.items():
            answers.setdefault(name, []).append((_by_turns(values), float(np.abs(values).max())))

    with np.errstate(all="ignore"):  # a damaged pair may answer with anything; that is seen in the sums
        for start in range(0, count, _AT_ONCE):
            images = decode(chosen[start : start + _AT_ONCE])
            note({"image": images} | encode(images))
        found = encode(_noise(image_shape))
        note(found | {"image": decode(found["latent"])})
        return {
            name: Total(
                np.sum([values for values, _ in parts], 0).astype(np.float32), max(m for _, m in parts)
            )
            for name, parts in answers.items()
        }


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
