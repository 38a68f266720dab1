"""A fingerprint of a pair of graphs: signed sums of their outputs for many inputs.

A golden image alone does not reveal most changes of weights, because many hidden units are inactive for it.
Therefore codes from the bundle are decoded and the images are encoded again; noise is encoded and the latents
are decoded. Outputs are added and subtracted alternately, so that what they have in common cancels out. A
changed weight changes the outputs for the inputs that activate it, and with them the sums. Two correct
implementations differ by rounding errors, which mostly cancel out. A weight that none of these inputs
activates remains undetected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names

__all__ = ["SignedSum", "fingerprint"]

_CODES = 16, 256  # of the bundle's codes, evenly spaced: at least, at most; all if there are fewer
_VALUES = 1 << 20  # of all decoded images together, unless that would be fewer codes than the minimum
_NOISE = 8  # images of noise: decoded images are mostly black at their border
_BATCH = 8

_Array = NDArray[np.float32]
_Encode = Callable[[_Array], dict[str, _Array]]
_Decode = Callable[[_Array], _Array]


@dataclass(frozen=True, eq=False)
class SignedSum:
    """The outputs of one name, added and subtracted alternately.

    Attributes:
        values: float32, of the shape of one output.
        largest: the largest absolute value of all the outputs.
    """

    values: _Array
    largest: float


def fingerprint(
    encode: _Encode, decode: _Decode, codes: _Array, image_shape: tuple[int, ...]
) -> dict[str, SignedSum]:
    """The signed sums of the encoder's outputs, by name, and of the decoder's as 'image'.

    Args:
        encode: images `(batch, *image_shape)` to `latent` and, if the model has it, `log_variance`, each
            `(batch, *latent_shape)`.
        decode: latents `(batch, *latent_shape)` to images.
        codes: those of the bundle in their order, `(n, *latent_shape)`.
        image_shape: `(channels, height, width)`.
    """
    outputs: dict[str, list[tuple[NDArray[np.float64], float]]] = {}
    with np.errstate(all="ignore"):  # a damaged graph may give any value; the sums will show it
        for answer in _answers(encode, decode, _selected(codes, prod(image_shape)), image_shape):
            for name, values in answer.items():
                outputs.setdefault(name, []).append((_signed(values), float(np.abs(values).max())))
        return {
            name: SignedSum(
                np.sum([values for values, _ in parts], 0).astype(np.float32), max(m for _, m in parts)
            )
            for name, parts in outputs.items()
        }


def _answers(
    encode: _Encode, decode: _Decode, codes: _Array, image_shape: tuple[int, ...]
) -> Iterator[dict[str, _Array]]:
    """All outputs for the codes, batch by batch, then for noise."""
    for start in range(0, len(codes), _BATCH):
        images = decode(codes[start : start + _BATCH])
        yield {"image": images} | encode(images)
    encoded = encode(_noise(image_shape))
    yield encoded | {"image": decode(encoded["latent"])}


def _selected(codes: _Array, image_values: int) -> _Array:
    least, most = _CODES
    count = min(len(codes), max(least, min(most, _VALUES // image_values)))
    return codes[np.arange(count) * len(codes) // count].astype(np.float32)


def _signed(answers: _Array) -> NDArray[np.float64]:
    exact = answers.astype(np.float64)
    difference: NDArray[np.float64] = exact[0::2].sum(0) - exact[1::2].sum(0)
    return difference


def _noise(image_shape: tuple[int, ...]) -> _Array:
    """Noise `(_NOISE, *image_shape)` in [0, 1) that any language can reproduce.

    Knuth's multiplicative hash of 1, 2, 3, ..., its upper 24 bits (D. E. Knuth, The Art of Computer
    Programming, volume 3, section 6.4).
    """
    numbers = np.arange(1, _NOISE * prod(image_shape) + 1, dtype=np.uint32) * np.uint32(2654435769)
    noise: _Array = (numbers >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)
    return noise.reshape(_NOISE, *image_shape)


__getattr__ = old_names(__name__, {"Total": "SignedSum", "sums": "fingerprint"})
