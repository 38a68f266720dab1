"""The latent space of a model as one object: how codes are distributed, and what is done with latents."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.latent import interpolation
from diabolo.runtime.latent._codes import Codes, read_codebook, read_codes, read_density
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal, Statistics

if TYPE_CHECKING:
    from diabolo.runtime.latent.plane import Plane

__all__ = ["LatentSpace"]

_Array: TypeAlias = NDArray[np.float32]


def _nothing() -> None:
    return None


class LatentSpace:
    """A latent space. `of` makes that of a bundle, `of_codes` that of a model in training.

    Codes and density are read when they are first asked for.

    Args:
        statistics: of the training images' codes.
        distribution: what latents are drawn from.
        codes: returns codes of some images, or None.
        density: returns how dense training codes lie, or None.
    """

    def __init__(
        self,
        statistics: Statistics,
        distribution: Distribution,
        *,
        codes: Callable[[], Codes | None] = _nothing,
        density: Callable[[], Density | None] = _nothing,
    ) -> None:
        self.statistics = statistics
        self.distribution = distribution
        self._read_codes = codes
        self._read_density = density

    @classmethod
    def of(cls, source: Bundle | Manifest) -> LatentSpace:
        """The latent space of a bundle; of a manifest alone, without codes, density and codebook.

        Raises:
            IntegrityError: the bundle's codebook was changed.
            ManifestError: its codebook does not fit the model.
        """
        if isinstance(source, Manifest):
            return cls(_statistics(source), _distribution(source, _nothing))
        codes = functools.cache(lambda: read_codes(source))
        discrete = source.manifest.distribution == "codebook"
        return cls(
            _statistics(source.manifest),
            read_codebook(source) if discrete else _distribution(source.manifest, codes),
            codes=codes,
            density=lambda: read_density(source),
        )

    @classmethod
    def of_codes(
        cls, codes: _Array, *, prior: str | None = None, distribution: Distribution | None = None
    ) -> LatentSpace:
        """The latent space that codes show, as far as they do.

        Args:
            codes: float32 `(n, *latent_shape)`.
            prior: 'normal' where training drew the codes towards N(0, I).
            distribution: what latents are drawn from; by default the prior, or else a gaussian fitted to the
                codes.
        """
        if distribution is None:
            distribution = Normal(codes.shape[1:]) if prior == "normal" else Fitted.to(codes)
        known = Codes(latents=codes, labels=None)
        return cls(Statistics.of(codes), distribution, codes=lambda: known)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one latent, without the batch."""
        return self.statistics.mean.shape

    @property
    def dimensions(self) -> int:
        """How many numbers a latent has."""
        return prod(self.shape)

    @functools.cached_property
    def codes(self) -> Codes | None:
        """Codes of some images, or None when there are none.

        Raises:
            IntegrityError: the bundle's file was changed.
            ManifestError: it does not fit the model.
        """
        return self._read_codes()

    @functools.cached_property
    def density(self) -> Density | None:
        """How dense training codes lie at any latent, or None when that is not known.

        Raises:
            IntegrityError: the bundle's file was changed.
            ManifestError: it does not fit the model.
        """
        return self._read_density()

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Latents float32 `(count, *latent_shape)` drawn from `distribution`.

        Raises:
            IntegrityError: the bundle's codes, which the distribution is fitted to, were changed.
            ManifestError: they do not fit the model.
        """
        return self.distribution.sample(count, rng)

    def interpolate(self, keys: _Array, steps: int, method: str = "linear") -> _Array:
        """From each key to the next, `steps` latents a leg, every key included exactly and once.

        Args:
            keys: `(k, *latent_shape)`, k at least 2.
            steps: of one leg, both ends included, at least 2.
            method: one of `interpolation.METHODS`.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, *latent_shape)`.

        Raises:
            UnknownNameError: there is no such method.
            ValueError: fewer than 2 keys or steps.
        """
        return interpolation.path(keys, steps, self.way(method))

    def grid(self, corners: _Array, rows: int, columns: int, method: str = "linear") -> _Array:
        """Between four corners, float32 `(rows, columns, *latent_shape)`; see `interpolation.grid`.

        Args:
            corners: `(4, *latent_shape)`: top left, top right, bottom left, bottom right.
            rows: at least 2.
            columns: at least 2.
            method: one of `interpolation.METHODS`.

        Raises:
            UnknownNameError: there is no such method.
            ValueError: other than 4 corners, fewer than 2 rows or columns.
        """
        return interpolation.grid(corners, rows, columns, self.way(method))

    def way(self, method: str) -> interpolation.Way:
        """How one latent becomes another by this method, one of `interpolation.METHODS`.

        Raises:
            UnknownNameError: there is no such method.
        """
        return interpolation.find(method, self.statistics.mean, self.statistics.std)

    def plane(self, axes: tuple[int, int] | None = None) -> Plane:
        """A plane to project latents onto.

        Args:
            axes: two dimensions, from 0; None takes the first two where there are no more, else the two
                principal directions of the codes.

        Raises:
            UsageError: no such dimensions, or principal directions without codes.
        """
        from diabolo.runtime.latent.plane import plane_of_axes, principal_plane

        if axes is None and self.dimensions <= 2:
            axes = (0, self.dimensions - 1)
        if axes is not None:
            return plane_of_axes(self.check_axes(axes), self.dimensions)
        if self.codes is None:
            raise UsageError("a latent space without codes has no principal directions; name two dimensions.")
        return principal_plane(self.codes.latents)

    def check_axes(self, axes: Any) -> tuple[int, int]:
        """Two dimensions of this space, whatever was given for them.

        Raises:
            UsageError: other than two whole numbers from 0 to `dimensions` - 1.
        """
        whole = isinstance(axes, list | tuple) and all(isinstance(axis, int) for axis in axes)
        if not (whole and len(axes) == 2 and all(0 <= axis < self.dimensions for axis in axes)):
            raise UsageError(f"axes must be two of the {self.dimensions} dimensions, not {axes!r}.")
        return int(axes[0]), int(axes[1])

    def rank(self, latents: _Array) -> NDArray[np.float64] | None:
        """The share of test codes that lie closer to the training codes, `(batch,)` in [0, 1].

        None where the density is not known. About .5 is an ordinary place; above .99 nothing was learned.
        """
        return None if self.density is None else self.density.rank(latents)

    def quantise(self, latents: _Array) -> _Array:
        """Latents `(batch, *latent_shape)` with the codebook's nearest vector at each position.

        Raises:
            LatentError: latents of another shape.
            UsageError: this latent space has no codebook.
        """
        from diabolo.runtime.latent.codebook import Codebook

        if not isinstance(self.distribution, Codebook):
            raise UsageError(
                f"only a latent space with a codebook quantises; this one's distribution is "
                f"{self.distribution.name!r}. Use the latents as they are."
            )
        if latents.shape[1:] != self.shape:
            raise LatentError(
                f"latents of shape {latents.shape} do not fit: (batch, *{self.shape}) is needed."
            )
        return self.distribution.quantise(latents)


def _statistics(m: Manifest) -> Statistics:
    return Statistics(
        mean=m.latent_mean, std=m.latent_deviation, minimum=m.latent_minimum, maximum=m.latent_maximum
    )


def _distribution(m: Manifest, codes: Callable[[], Codes | None]) -> Distribution:
    if m.distribution == "normal":
        return Normal(m.latent_shape)
    return Fitted(_statistics(m), lambda: None if (known := codes()) is None else known.latents)
