"""How the codes of a model are distributed, and how new latents are drawn from that.

`Normal` is a prior that training drew the codes towards; `Fitted` is a gaussian fitted to codes afterwards,
for models without a prior; `diabolo.runtime.latent.codebook` has the third, a finite set of vectors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Distribution",
    "Fitted",
    "Gaussian",
    "Normal",
    "Statistics",
    "draw",
    "draw_from",
    "fit_gaussian",
]

_Array: TypeAlias = NDArray[np.float32]
_LARGE = 768  # dimensions; the covariance's eigenvectors take 0.1 s there, and 4 s where it has 2,500

Gaussian: TypeAlias = "tuple[NDArray[np.float64], NDArray[Any]]"
"""Mean `(d,)` and a root `(d, k)` of the covariance: root @ n + mean, n ~ N(0, I), is one draw."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """Statistics of codes, dimension by dimension: each float32 `latent_shape`.

    Attributes:
        mean: the mean.
        std: the standard deviation, at least 0.
        minimum: the smallest value.
        maximum: the largest value.
    """

    mean: _Array
    std: _Array
    minimum: _Array
    maximum: _Array

    @classmethod
    def of(cls, codes: _Array) -> Statistics:
        """The statistics of codes `(n, *latent_shape)`, n at least 1."""
        return cls(mean=codes.mean(0), std=codes.std(0), minimum=codes.min(0), maximum=codes.max(0))


class Distribution(Protocol):
    """A distribution over latents."""

    @property
    def name(self) -> str:
        """'normal', 'fitted' or 'codebook'."""

    @property
    def description(self) -> str:
        """What latents are drawn from, in words: 'the prior N(0, I)'."""

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Latents float32 `(count, *latent_shape)`; the same state of `rng` gives the same ones."""


class Normal:
    """The prior N(0, I).

    Args:
        shape: of one latent.
        dtype: in which normal numbers are drawn. float32 takes half the memory and gives other latents.
    """

    name = "normal"
    description = "the prior N(0, I)"

    def __init__(
        self, shape: tuple[int, ...], dtype: type[np.float32] | type[np.float64] = np.float64
    ) -> None:
        self._shape = shape
        self._dtype = dtype

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Latents float32 `(count, *latent_shape)`."""
        return rng.standard_normal((count, *self._shape), self._dtype).astype(np.float32, copy=False)


class Fitted:
    """A gaussian with the mean and the covariance of codes, clipped to a range.

    Where there are too few codes to estimate a covariance, or none, each dimension is drawn by itself, with
    the mean and the standard deviation of `statistics`.

    Args:
        statistics: draws are clipped to their `minimum` and `maximum`.
        codes: returns codes `(n, *latent_shape)`, or None where there are none. It is called when they are
            first needed: reading them and finding the covariance takes time.
    """

    name = "fitted"

    def __init__(self, statistics: Statistics, codes: Callable[[], _Array | None]) -> None:
        self._statistics = statistics
        self._codes = codes

    @classmethod
    def to(cls, codes: _Array) -> Fitted:
        """The gaussian fitted to codes `(n, *latent_shape)`, in their own range."""
        return cls(Statistics.of(codes), lambda: codes)

    @property
    def diagonal(self) -> bool:
        """Whether each dimension is drawn by itself, without the codes' covariance."""
        return self._gaussian is None

    @property
    def description(self) -> str:
        """Whether the gaussian has the codes' covariance, in words."""
        if self.diagonal:
            return "a gaussian fitted to the codes, each dimension by itself"
        return "a gaussian fitted to the codes of test images"

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Latents float32 `(count, *latent_shape)`, each value between `minimum` and `maximum`."""
        s = self._statistics
        if self._gaussian is None:
            drawn = rng.standard_normal((count, s.mean.size)) * s.std.ravel() + s.mean.ravel()
        else:
            drawn = draw_from(self._gaussian, count, rng)
        clipped = np.clip(drawn.reshape(count, *s.mean.shape), s.minimum, s.maximum)
        return clipped.astype(np.float32)

    @functools.cached_property
    def _gaussian(self) -> Gaussian | None:
        codes = self._codes()
        return None if codes is None else fit_gaussian(codes)


def fit_gaussian(codes: _Array) -> Gaussian | None:
    """The gaussian with the mean and the covariance of codes.

    In up to 768 dimensions the root is made of eigenvectors, k = d and float64. In more it is the n centred
    codes themselves, k = n and float32: a root of the same covariance that takes no time to find.

    Args:
        codes: `(n, *latent_shape)`, d values each.

    Returns:
        None when there are too few codes (no more than d) to estimate a covariance.
    """
    flat = codes.reshape(len(codes), -1)
    count, dimensions = flat.shape
    if count <= dimensions:
        return None
    if dimensions > _LARGE:
        mean = flat.mean(axis=0, dtype=np.float64)
        return mean, ((flat - mean.astype(np.float32)) / np.float32(np.sqrt(count - 1))).T
    flat = flat.astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False).reshape(dimensions, -1))
    return flat.mean(axis=0), vectors * np.sqrt(np.maximum(values, 0))


def draw_from(fitted: Gaussian, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws `(count, d)` from a gaussian that `fit_gaussian` found."""
    mean, root = fitted
    normal = rng.standard_normal((count, root.shape[1]))
    return normal.astype(root.dtype, copy=False) @ root.T + mean


def draw(codes: _Array, count: int, rng: np.random.Generator) -> _Array:
    """Latents `(count, *latent_shape)` from the gaussian fitted to `codes`: `Fitted.to(codes).sample`."""
    return Fitted.to(codes).sample(count, rng)
