"""A codebook: latents that consist of vectors from a finite set, as in a VQ-VAE.

A. van den Oord et al., 'Neural Discrete Representation Learning', section 3.1,
https://arxiv.org/abs/1711.00937.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.latent.knn import nearest

__all__ = ["Codebook"]

_Array: TypeAlias = NDArray[np.float32]


class Codebook:
    """n vectors of d values each; a latent `(d, *positions)` has one of them at each position.

    Args:
        vectors: `(n, d)`, n at least 1, finite.
        frequencies: `(n,)`, how often each vector is used: at least 0, not all 0, in any unit. None means
            that all are equally frequent.
        positions: the latent's shape after its first axis: `(height, width)`, or `()` for a single vector.

    Raises:
        ValueError: the vectors or the frequencies have another shape, or values that are not allowed.
    """

    name = "codebook"
    description = "the codebook's vectors, by their frequency"

    def __init__(
        self, vectors: ArrayLike, frequencies: ArrayLike | None = None, *, positions: tuple[int, ...] = ()
    ) -> None:
        self._vectors = _checked_vectors(vectors)
        self._shares = _shares(len(self._vectors), frequencies)
        self._positions = tuple(positions)

    @classmethod
    def to(cls, vectors: ArrayLike, codes: _Array) -> Codebook:
        """The codebook whose frequencies are those with which codes use its vectors.

        Args:
            vectors: `(n, d)`, n at least 1, finite.
            codes: `(batch, d, *positions)`, at least one; the nearest vector at each position is counted.

        Raises:
            ValueError: the vectors or the codes have another shape.
        """
        even = cls(vectors, positions=codes.shape[2:])
        used = np.bincount(even.indices(codes).ravel(), minlength=len(even.vectors))
        return cls(vectors, used, positions=codes.shape[2:])

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], latent_shape: tuple[int, ...]) -> Codebook:
        """The codebook of `vectors` and `frequencies`, for latents of this shape.

        Raises:
            KeyError: there are no vectors.
            ValueError: as of the class; or the vectors do not fit the latents.
        """
        vectors = arrays["vectors"]
        if vectors.shape[1:] != latent_shape[:1]:
            raise ValueError(f"vectors of shape {vectors.shape}; this model's have (n, {latent_shape[0]})")
        return cls(vectors, arrays.get("frequencies"), positions=latent_shape[1:])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`vectors` and `frequencies`."""
        return {"vectors": self._vectors, "frequencies": self._shares}

    @property
    def vectors(self) -> _Array:
        """The vectors, float32 `(n, d)`."""
        return self._vectors

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """The probability of each vector, float64 `(n,)` in [0, 1], with the sum 1."""
        return self._shares

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one latent, `(d, *positions)`."""
        return (self._vectors.shape[1], *self._positions)

    def indices(self, latents: _Array) -> NDArray[np.int64]:
        """The index of the nearest vector at each position.

        Args:
            latents: `(batch, d, *positions)`.

        Returns:
            `(batch, *positions)`, from 0 to n - 1.

        Raises:
            ValueError: the latents have another shape.
        """
        if latents.shape[1:] != self.shape:
            raise ValueError(f"latents must have the shape (batch, *{self.shape}), not {latents.shape}")
        points = np.moveaxis(latents, 1, -1).reshape(-1, self.shape[0])
        return nearest(points, self._vectors)[0].reshape(len(latents), *self._positions)

    def lookup(self, indices: NDArray[np.integer[Any]]) -> _Array:
        """The latents that indices stand for.

        Args:
            indices: `(batch, *positions)`, from 0 to n - 1.

        Returns:
            float32 `(batch, d, *positions)`.
        """
        return np.ascontiguousarray(np.moveaxis(self._vectors[indices], -1, 1))

    def quantise(self, latents: _Array) -> _Array:
        """Replace the values at each position by the nearest vector (equation 2 of the paper).

        Args:
            latents: `(batch, d, *positions)`.

        Returns:
            float32 `(batch, d, *positions)`.

        Raises:
            ValueError: the latents have another shape.
        """
        return self.lookup(self.indices(latents))

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw a vector for each position independently, with the given frequencies.

        Returns:
            float32 `(count, d, *positions)`.
        """
        return self.lookup(rng.choice(len(self._vectors), (count, *self._positions), p=self._shares))


def _checked_vectors(given: ArrayLike) -> _Array:
    vectors = np.asarray(given, np.float32)
    if vectors.ndim != 2 or not vectors.size:
        raise ValueError(f"a codebook has vectors of shape (n, d), at least one, not {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("a codebook's vectors must be finite numbers")
    return vectors


def _shares(count: int, given: ArrayLike | None) -> NDArray[np.float64]:
    """Frequencies that add up to 1."""
    frequencies = np.ones(count) if given is None else np.asarray(given, np.float64)
    if frequencies.shape != (count,):
        raise ValueError(f"a codebook of {count} vectors needs as many frequencies, not {frequencies.shape}")
    if not (np.isfinite(frequencies).all() and (frequencies >= 0).all() and frequencies.any()):
        raise ValueError("a codebook's frequencies must be finite, at least 0, and not all 0")
    frequencies = frequencies / frequencies.max()  # so that the sum of the largest numbers is finite, too
    shares: NDArray[np.float64] = frequencies / frequencies.sum()
    return shares
