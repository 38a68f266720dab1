"""A codebook: latents made of a finite set of vectors, as in a VQ-VAE.

A. van den Oord et al., 'Neural Discrete Representation Learning', section 3.1,
https://arxiv.org/abs/1711.00937.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.latent.knn import nearest

__all__ = ["Codebook"]

_Array: TypeAlias = NDArray[np.float32]


class Codebook:
    """n vectors of d values; a latent `(d, *positions)` has one of them at each position.

    Args:
        vectors: `(n, d)`, finite.
        frequencies: `(n,)`, how often each vector is used, at least 0 and not all 0, in any unit. None: all
            are equally frequent.
        positions: the latent's shape after its first axis: `(height, width)`, or `()` for a single vector.

    Raises:
        ValueError: vectors or frequencies that cannot be.
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
        """The codebook with the frequencies at which codes use its vectors.

        Args:
            vectors: `(n, d)`, finite.
            codes: `(batch, d, *positions)`, at least one; the nearest vector counts at each position.

        Raises:
            ValueError: vectors or codes of another shape.
        """
        even = cls(vectors, positions=codes.shape[2:])
        used = np.bincount(even.indices(codes).ravel(), minlength=len(even.vectors))
        return cls(vectors, used, positions=codes.shape[2:])

    @property
    def vectors(self) -> _Array:
        """float32 `(n, d)`."""
        return self._vectors

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """How often each vector is drawn, `(n,)` in [0, 1], 1 in total."""
        return self._shares

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one latent, `(d, *positions)`."""
        return (self._vectors.shape[1], *self._positions)

    def indices(self, latents: _Array) -> NDArray[np.int64]:
        """Which vector is nearest at each position: `(batch, d, *positions)` to `(batch, *positions)`.

        Raises:
            ValueError: latents of another shape.
        """
        if latents.shape[1:] != self.shape:
            raise ValueError(f"latents must have the shape (batch, *{self.shape}), not {latents.shape}")
        points = np.moveaxis(latents, 1, -1).reshape(-1, self.shape[0])
        return nearest(points, self._vectors)[0].reshape(len(latents), *self._positions)

    def lookup(self, indices: NDArray[np.integer[Any]]) -> _Array:
        """The latents of vectors' indices: `(batch, *positions)` to float32 `(batch, d, *positions)`."""
        return np.ascontiguousarray(np.moveaxis(self._vectors[indices], -1, 1))

    def quantise(self, latents: _Array) -> _Array:
        """Latents `(batch, d, *positions)` with the nearest vector at each position.

        Raises:
            ValueError: latents of another shape.
        """
        return self.lookup(self.indices(latents))

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Latents float32 `(count, d, *positions)`: each position's vector drawn by frequency, by itself."""
        return self.lookup(rng.choice(len(self._vectors), (count, *self._positions), p=self._shares))


def _checked_vectors(given: ArrayLike) -> _Array:
    vectors = np.asarray(given, np.float32)
    if vectors.ndim != 2 or not vectors.size:
        raise ValueError(f"a codebook has vectors of shape (n, d), at least one, not {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("a codebook's vectors must be finite numbers")
    return vectors


def _shares(count: int, given: ArrayLike | None) -> NDArray[np.float64]:
    """Frequencies in parts of 1."""
    frequencies = np.ones(count) if given is None else np.asarray(given, np.float64)
    if frequencies.shape != (count,):
        raise ValueError(f"a codebook of {count} vectors needs as many frequencies, not {frequencies.shape}")
    if not (np.isfinite(frequencies).all() and (frequencies >= 0).all() and frequencies.any()):
        raise ValueError("a codebook's frequencies must be finite, at least 0, and not all 0")
    shares: NDArray[np.float64] = frequencies / frequencies.sum()
    return shares
