"""The units of a code: how active each is over stored test images, which fire, and what moves them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UsageError
from diabolo.ui.models.cache import cached
from diabolo.ui.parts.context import Context

__all__ = ["Units", "beside", "is_sparse", "plain_and_sparse", "units_of"]

_Array = NDArray[np.float32]
_DEVIATIONS = 2.0  # from the mean, to see what one unit draws


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """A unit is one number of the latent; of a latent of channels and positions, a channel, as their mean.

    It fires where it is above the middle of its range, which goes from its lowest to its highest value among
    the stored codes; where a bundle brings none, over the training images, as model.json says.

    Attributes:
        manifest: what model.json says.
        values: `(n, units)`, of the stored codes; None where there are none.
        low: `(units,)`, the ends of the ranges.
        high: `(units,)`.
        sigmoid: all values lie in [0, 1], as those of sigmoid units do; switched off, such a unit is 0. Any
            other then has its mean over the training images.
    """

    manifest: Manifest
    values: _Array | None
    low: _Array
    high: _Array
    sigmoid: bool

    def __len__(self) -> int:
        return len(self.low)

    @property
    def positions(self) -> int:
        """How many numbers of the latent make up one unit."""
        return prod(self.manifest.latent_shape) // len(self)

    def of(self, latents: _Array) -> _Array:
        """The units' values: `(batch, *latent_shape)` to `(batch, units)`."""
        mean: _Array = latents.reshape(len(latents), len(self), -1).mean(2, dtype=np.float32)
        return mean

    def height(self, values: _Array) -> _Array:
        """Where values `(..., units)` lie in the units' ranges: 0 at the lowest, 1 at the highest."""
        width = np.where(self.high > self.low, self.high - self.low, 1)
        found: _Array = np.clip((values - self.low) / width, 0, 1).astype(np.float32)
        return found

    def fire(self, values: _Array) -> NDArray[np.bool_]:
        """Which of values `(..., units)` are above the middle of their ranges."""
        fired: NDArray[np.bool_] = self.height(values) > 0.5
        return fired

    def activity(self) -> _Array | None:
        """The mean activity of each unit over the stored codes, `(units,)` in [0, 1].

        Of sigmoid units that is the mean of their values, rho-hat of the sparse autoencoder (A. Ng, 'Sparse
        autoencoder', CS294A lecture notes, 2011); of others the mean of their height.
        """
        if self.values is None:
            return None
        mean: _Array = (self.values if self.sigmoid else self.height(self.values)).mean(0)
        return mean

    def fired(self) -> NDArray[np.float64] | None:
        """The share of the stored codes for which each unit fires: `(units,)`."""
        return None if self.values is None else self.fire(self.values).mean(0)

    def strongest(self, unit: int, count: int) -> NDArray[np.intp]:
        """The numbers of the stored codes in which a unit is highest, the highest first."""
        if self.values is None:
            return np.empty(0, np.intp)
        return np.argsort(-self.values[:, unit], kind="stable")[:count]

    def off(self, latents: _Array, unit: int) -> _Array:
        """Latents `(batch, *latent_shape)` with one unit switched off."""
        return self._set(latents, unit, 0 if self.sigmoid else self._rows(self.manifest.latent_mean)[unit])

    def alone(self, unit: int) -> _Array:
        """Latents `(3, *latent_shape)`: the mean with one unit two deviations below, at and above its own.

        It is cut where the unit's smallest and largest values over the training images are.
        """
        m = self.manifest
        mean, deviation = m.latent_mean, m.latent_std
        moved = [mean - _DEVIATIONS * deviation, mean, mean + _DEVIATIONS * deviation]
        cut = [self._rows(np.clip(one, m.latent_minimum, m.latent_maximum))[unit] for one in moved]
        return np.concatenate([self._set(mean[None], unit, one) for one in cut])

    def check(self, unit: Any) -> int:
        """A unit by its number, from 0 on.

        Raises:
            UsageError: there is none.
        """
        whole = isinstance(unit, int | float) and float(unit).is_integer()
        if not whole or not 0 <= unit < len(self):
            raise UsageError(f"unit must be a whole number from 0 to {len(self) - 1}, not {unit!r}.")
        return int(unit)

    def _rows(self, latent: _Array) -> _Array:
        return latent.reshape(len(self), -1)

    def _set(self, latents: _Array, unit: int, value: Any) -> _Array:
        changed = latents.reshape(len(latents), len(self), -1).copy()
        changed[:, unit] = value
        return changed.reshape(latents.shape)


@cached(16)
def units_of(model: Autoencoder) -> Units:
    """A model's units.

    Raises:
        BundleError: its codes were changed.
    """
    m, codes = model.manifest, model.codes
    shape = m.latent_shape
    count = shape[0] if len(shape) > 1 and shape[0] > 1 else prod(shape)
    values = None
    low, high = (edge.reshape(count, -1).mean(1) for edge in (m.latent_minimum, m.latent_maximum))
    if codes is not None:
        values = codes.latents.reshape(len(codes.latents), count, -1).mean(2, dtype=np.float32)
        low, high = values.min(0), values.max(0)
    return Units(manifest=m, values=values, low=low, high=high, sigmoid=_within(m))


def _within(m: Manifest) -> bool:
    return bool(m.latent_minimum.min() >= 0 and m.latent_maximum.max() <= 1)


def is_sparse(m: Manifest) -> bool:
    """Whether model.json says that units were trained to fire rarely, or at least that they are sigmoids."""
    settings = (m.document.get("training") or {}).get("settings") or {}
    asked = "sparsity" in (settings.get("variant_options") or {})
    return asked or "activity" in m.metrics or _within(m)


def beside(context: Context, name: str) -> str:
    """The model to lay beside the one called `name`: a sparse one beside a plain one, and vice versa."""
    m = context.manifest(name)

    def fitness(other: str) -> tuple[bool, ...]:
        n = context.manifest(other)
        return (
            is_sparse(n) != is_sparse(m),
            n.dataset == m.dataset,
            n.image_shape == m.image_shape,
            n.prior is None and n.noise is None,
            n.network == m.network,
            prod(n.latent_shape) > 2,
        )

    return max((other for other in context.bundles if other != name), key=fitness, default=name)


def plain_and_sparse(context: Context) -> tuple[str, str]:
    """The two models to begin with."""
    names = list(context.bundles)
    sparse = next((name for name in names if is_sparse(context.manifest(name))), None)
    if sparse is None:
        return names[0], beside(context, names[0])
    return beside(context, sparse), sparse
