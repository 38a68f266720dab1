"""The latent space of a model: its shape, statistics and distribution, and the operations on latents."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._numbers import check_size, whole
from diabolo.runtime._old_names import OldAttribute
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.runtime.latent import interpolation
from diabolo.runtime.latent._batch import as_codes, as_latents, as_numbers
from diabolo.runtime.latent._codes import (
    Codes,
    declared_distribution,
    read_codes,
    read_density,
    read_distribution,
    statistics_of,
)
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal, Statistics, given

if TYPE_CHECKING:
    from diabolo.runtime.latent.codebook import Codebook
    from diabolo.runtime.latent.plane import Plane

__all__ = ["LatentSpace"]

_Array: TypeAlias = NDArray[np.float32]


def _nothing() -> None:
    return None


class LatentSpace:
    """A latent space. `of` makes the one of a bundle, `of_codes` the one of a model in training.

    Codes and density are read when they are first used.

    Args:
        statistics: of the training images' codes.
        distribution: which `sample` draws latents from.
        codes: returns codes of some images, or None.
        density: returns the density of the training codes, or None.
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
        self._source: Bundle | Manifest | None = None
        self._read_codes = codes
        self._read_density = density

    @classmethod
    def of(cls, source: Bundle | Manifest) -> LatentSpace:
        """The latent space of a bundle. That of a manifest lacks codes, density, codebook and mixture.

        Raises:
            IntegrityError: the bundle's codebook or mixture was changed.
            ManifestError: the codebook or the mixture does not fit the model.
        """
        if not isinstance(source, Bundle | Manifest):
            raise UsageError(f"a latent space is that of a Bundle or a Manifest, not of {source!r}.")
        if isinstance(source, Manifest):
            space = cls(statistics_of(source), declared_distribution(source, _nothing))
        else:
            codes = functools.cache(lambda: read_codes(source))
            distribution = read_distribution(source) or declared_distribution(source.manifest, codes)
            density = functools.partial(read_density, source)
            space = cls(statistics_of(source.manifest), distribution, codes=codes, density=density)
        space._source = source
        return space

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        if self._source is not None:  # its files are read again
            return type(self).of, (self._source,)
        return super().__reduce_ex__(protocol)

    @classmethod
    def of_codes(
        cls, codes: _Array, *, prior: str | None = None, distribution: Distribution | None = None
    ) -> LatentSpace:
        """The latent space of a model that is known by some of its codes; it has no density.

        Args:
            codes: float32 `(n, *latent_shape)`.
            prior: 'normal' if training drew the codes towards N(0, I).
            distribution: of the latents; by default N(0, I) with a prior, otherwise a Gaussian fitted to the
                codes.
        """
        codes = as_codes(codes)
        if not (prior is None or (isinstance(prior, str) and prior == "normal")):
            raise UnknownNameError("prior", prior, ["normal"])
        if not (distribution is None or callable(getattr(distribution, "sample", None))):
            raise UsageError(f"a distribution has a method `sample`; {distribution!r} has none.")
        if distribution is None:
            distribution = Normal(codes.shape[1:]) if prior == "normal" else Fitted.to(codes)
        known = Codes(latents=codes, labels=None)
        return cls(Statistics.of(codes), distribution, codes=functools.partial(given, known))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one latent, without the batch."""
        return self.statistics.mean.shape

    @property
    def dimensions(self) -> int:
        """The number of values of a latent."""
        return prod(self.shape)

    @functools.cached_property
    def codes(self) -> Codes | None:
        """Codes of some images, or None if there are none.

        Raises:
            IntegrityError: the bundle's codes.npz was changed.
            ManifestError: codes.npz does not fit the model.
        """
        return self._read_codes()

    @functools.cached_property
    def density(self) -> Density | None:
        """The density of the training codes, or None if it is not known.

        Raises:
            IntegrityError: the bundle's codes.npz was changed.
            ManifestError: codes.npz does not fit the model.
        """
        return self._read_density()

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw latents from `distribution`.

        Args:
            count: at least 0.
            rng: the same state gives the same latents.

        Returns:
            float32 `(count, *latent_shape)`.

        Raises:
            IntegrityError, ManifestError: codes.npz was changed, or does not fit the model.
            UsageError: a count that is not possible, or no generator.
        """
        count = whole("count", count, 0)
        check_size("count", count, self.shape)
        if not isinstance(rng, np.random.Generator):
            raise UsageError(f"rng must be a generator, such as np.random.default_rng(0), not {rng!r}.")
        return self.distribution.sample(count, rng)

    def interpolate(self, keys: _Array, steps: int, method: str = "linear") -> _Array:
        """A path through all keys: `steps` latents from each key to the next, every key exactly and once.

        Args:
            keys: `(k, *latent_shape)`, k at least 2.
            steps: latents from one key to the next, both included; at least 2.
            method: one of `interpolation.METHODS`.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, *latent_shape)`; latent i (steps - 1) is key i.

        Raises:
            LatentError: the keys have another shape, or values that are not finite numbers.
            UsageError: fewer than 2 keys or steps, or no such method.
        """
        interpolator, steps = self.interpolator(method), whole("steps", steps, 2)
        keys = as_latents(keys, self.shape)
        if len(keys) < 2:
            raise UsageError(f"a path takes at least two latents, not {len(keys)}.")
        check_size("steps", (len(keys) - 1) * steps, self.shape)
        return as_numbers(lambda: interpolation.path(keys, steps, interpolator))

    def grid(self, corners: _Array, rows: int, columns: int, method: str = "linear") -> _Array:
        """A grid of latents between four corners; see `interpolation.grid`.

        Args:
            corners: `(4, *latent_shape)`: top left, top right, bottom left, bottom right.
            rows: at least 2.
            columns: at least 2.
            method: one of `interpolation.METHODS`.

        Returns:
            float32 `(rows, columns, *latent_shape)`.

        Raises:
            LatentError, UsageError: as in `interpolate`, or not four corners.
        """
        interpolator = self.interpolator(method)
        rows, columns = whole("rows", rows, 2), whole("columns", columns, 2)
        check_size("rows and columns", rows * columns, self.shape)
        corners = as_latents(corners, self.shape)
        if len(corners) != 4:
            raise UsageError(f"a grid takes four latents, not {len(corners)}.")
        return as_numbers(lambda: interpolation.grid(corners, rows, columns, interpolator))

    def interpolator(self, method: str) -> interpolation.Interpolator:
        """The function that interpolates between two latents of this space by `method`.

        Args:
            method: one of `interpolation.METHODS`.

        Raises:
            UnknownNameError: `method` is not one of them.
        """
        return interpolation.find(method, self.statistics.mean, self.statistics.std)

    way = OldAttribute("interpolator")

    def plane(self, axes: tuple[int, int] | None = None) -> Plane:
        """A plane to project latents onto.

        Args:
            axes: two dimensions, counted from 0. None takes the two principal directions of the codes, or the
                dimensions themselves if there are at most two.

        Raises:
            UsageError: there are no such dimensions, or no codes to find principal directions of.
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
        """Check that `axes` names two dimensions of this space, and return them as a tuple.

        Raises:
            UsageError: other than two whole numbers from 0 to `dimensions` - 1.
        """
        try:
            first, second = (whole("axis", axis, 0, self.dimensions - 1) for axis in axes)
        except (TypeError, ValueError, UsageError):  # not two; not a sequence
            raise UsageError(f"axes must be two of the {self.dimensions} dimensions, not {axes!r}.") from None
        return first, second

    def rank(self, latents: _Array) -> NDArray[np.float64] | None:
        """The share of test codes that are closer to the training codes than each latent is.

        A rank of about 0.5 is ordinary; above 0.99 there is no training data near the latent.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            `(batch,)` in [0, 1], or None if the density is not known.

        Raises:
            LatentError: the latents have another shape, or values that are not finite numbers.
        """
        latents = as_latents(latents, self.shape)
        if self.density is None:
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # the rank of latents that are far away is 1
            return self.density.rank(latents)

    @property
    def codebook(self) -> Codebook | None:
        """The codebook of a model with discrete codes; None of any other."""
        from diabolo.runtime.latent.codebook import Codebook  # most models have none

        return self.distribution if isinstance(self.distribution, Codebook) else None

    def quantise(self, latents: _Array) -> _Array:
        """Replace the values at each position by the codebook's nearest vector.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            float32 `(batch, *latent_shape)`.

        Raises:
            LatentError: the latents have another shape.
            UsageError: this latent space has no codebook.
        """
        if (codebook := self.codebook) is None:
            raise UsageError(f"only a codebook quantises; the distribution is {self.distribution.name!r}.")
        with np.errstate(over="ignore", invalid="ignore"):  # of latents that are far away
            return codebook.quantise(as_latents(latents, self.shape))
