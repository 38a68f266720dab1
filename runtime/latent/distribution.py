"""How the codes of a model are distributed, and how new latents are drawn from that.

`Normal` is the prior N(0, I) that a model was trained with. `Fitted` is a Gaussian fitted to the codes of a
model without a prior. A finite set of vectors is `diabolo.runtime.latent.codebook.Codebook`, and several
gaussians are `diabolo.runtime.latent.mixture.Mixture`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "STORED",
    "Distribution",
    "Fitted",
    "Gaussian",
    "Normal",
    "Statistics",
    "Stored",
    "draw",
    "draw_from",
    "fit_gaussian",
    "given",
]

_Array: TypeAlias = NDArray[np.float32]
_Value = TypeVar("_Value")
STORED = ("codebook", "mixture")
"""The names of the kinds of `Stored`."""

_LARGE = 768  # dimensions; finding the covariance's eigenvectors takes 0.1 s, and 4 s for 2,500 dimensions

Gaussian: TypeAlias = "tuple[NDArray[np.float64], NDArray[Any]]"
"""Mean `(d,)` and a square root `(d, k)` of the covariance: mean + root @ n, n ~ N(0, I), is one draw."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """Statistics of codes in each dimension; every one is float32 `latent_shape`.

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
        """Compute the statistics of codes `(n, *latent_shape)`, n at least 1."""
        return cls(mean=codes.mean(0), std=codes.std(0), minimum=codes.min(0), maximum=codes.max(0))


class Distribution(Protocol):
    """A distribution over latents."""

    @property
    def name(self) -> str:
        """'normal', 'fitted', 'codebook' or 'mixture'."""

    @property
    def description(self) -> str:
        """A short description for people: 'the prior N(0, I)'."""

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw latents float32 `(count, *latent_shape)`; the same state of `rng` gives the same latents."""


@runtime_checkable
class Stored(Distribution, Protocol):
    """A distribution whose numbers a bundle holds, in `NAME.npz` with the role NAME, NAME being its name."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers, by name, from which `of_arrays` makes it again."""

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], latent_shape: tuple[int, ...]) -> Stored:
        """Make it of its numbers, for latents of this shape.

        Raises:
            KeyError: an array is missing.
            ValueError: an array has another shape, or values that are not allowed.
        """


class Normal:
    """The prior N(0, I).

    Args:
        shape: the shape of one latent.
        dtype: the type in which normal numbers are drawn. float32 takes half the memory and draws other
            numbers than float64.
    """

    name = "normal"
    description = "the prior N(0, I)"

    def __init__(
        self, shape: tuple[int, ...], dtype: type[np.float32] | type[np.float64] = np.float64
    ) -> None:
        self._shape = shape
        self._dtype = dtype

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw latents float32 `(count, *latent_shape)`."""
        return rng.standard_normal((count, *self._shape), self._dtype).astype(np.float32, copy=False)


class Fitted:
    """A Gaussian with the mean and the covariance of codes, clipped to a range.

    If there are no codes, or too few to estimate a covariance, the dimensions are drawn independently, with
    the mean and the standard deviation of `statistics`.

    Args:
        statistics: draws are clipped to its `minimum` and `maximum`.
        codes: returns codes `(n, *latent_shape)`, or None if there are none. It is called when they are first
            needed, because reading them and estimating the covariance takes time.
    """

    name = "fitted"

    def __init__(self, statistics: Statistics, codes: Callable[[], _Array | None]) -> None:
        self._statistics = statistics
        self._codes = codes

    @classmethod
    def to(cls, codes: _Array) -> Fitted:
        """Fit a Gaussian to codes `(n, *latent_shape)`; draws are clipped to the codes' own range."""
        return cls(Statistics.of(codes), functools.partial(given, codes))

    @property
    def diagonal(self) -> bool:
        """Whether the dimensions are drawn independently, without the codes' covariance."""
        return self._gaussian is None

    @property
    def description(self) -> str:
        """A short description for people; it says whether the codes' covariance is used."""
        if self.diagonal:
            return "a gaussian fitted to the codes, each dimension independently"
        return "a gaussian fitted to the codes of test images"

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw latents float32 `(count, *latent_shape)`, each value between `minimum` and `maximum`."""
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


def given(value: _Value) -> _Value:
    """Return the value. `functools.partial(given, value)` can be pickled, unlike `lambda: value`."""
    return value


def fit_gaussian(codes: _Array) -> Gaussian | None:
    """The Gaussian with the mean and the covariance of codes.

    In up to 768 dimensions the root comes from the covariance's eigenvectors (k = d, float64). In more
    dimensions it is the matrix of the n centred codes, divided by sqrt(n - 1) (k = n, float32): a root of the
    same covariance that needs no decomposition.

    Args:
        codes: `(n, *latent_shape)`, d values each.

    Returns:
        The mean and the root, or None if there are too few codes (n <= d) to estimate a covariance.
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
    """Draw float64 `(count, d)` from a Gaussian that `fit_gaussian` returned."""
    mean, root = fitted
    normal = rng.standard_normal((count, root.shape[1]))
    return normal.astype(root.dtype, copy=False) @ root.T + mean


def draw(codes: _Array, count: int, rng: np.random.Generator) -> _Array:
    """Draw latents `(count, *latent_shape)` from the Gaussian fitted to `codes` `(n, *latent_shape)`."""
    return Fitted.to(codes).sample(count, rng)
