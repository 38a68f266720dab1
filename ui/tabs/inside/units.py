"""The units of a code: how active each is over the stored codes, which fire, and how to change one."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UsageError
from diabolo.ui.models.cache import cached
from diabolo.ui.parts.context import Context

__all__ = ["Units", "counterpart", "is_sparse", "plain_and_sparse", "units_of"]

__getattr__ = old_names(__name__, {"beside": "counterpart"})

_Array = NDArray[np.float32]
_STDS = 2.0  # standard deviations from the mean, to show what one unit contributes


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """The units of a model's latent.

    A unit is one number of the latent. In a latent of channels and positions it is a channel, as the mean
    over its positions. It fires if it is above the middle of its range, from its lowest to its highest value
    among the stored codes. If a bundle has no codes, it is the range over the training images in model.json.

    Attributes:
        manifest: the model's manifest.
        values: float32 `(n, units)`, of the stored codes; None if there are none.
        low: float32 `(units,)`, the lower ends of the ranges.
        high: float32 `(units,)`, the upper ends of the ranges.
        sigmoid: whether all values lie in [0, 1], as those of sigmoid units do.
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
        """How many numbers of the latent one unit is the mean of."""
        return prod(self.manifest.latent_shape) // len(self)

    def of(self, latents: _Array) -> _Array:
        """The units' values: `(batch, *latent_shape)` to `(batch, units)`."""
        mean: _Array = latents.reshape(len(latents), len(self), -1).mean(2, dtype=np.float32)
        return mean

    def height(self, values: _Array) -> _Array:
        """The position of values `(..., units)` in the units' ranges, in [0, 1], shaped as `values`."""
        width = np.where(self.high > self.low, self.high - self.low, 1)
        found: _Array = np.clip((values - self.low) / width, 0, 1).astype(np.float32)
        return found

    def fire(self, values: _Array) -> NDArray[np.bool_]:
        """Which of values `(..., units)` are above the middle of their ranges: bool, shaped as `values`."""
        fired: NDArray[np.bool_] = self.height(values) > 0.5
        return fired

    def activity(self) -> _Array | None:
        """The mean activity of each unit over the stored codes, float32 `(units,)` in [0, 1].

        For sigmoid units it is the mean of their values, rho-hat of the sparse autoencoder (A. Ng, 'Sparse
        autoencoder', CS294A lecture notes, 2011, https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf);
        for others the mean of their `height`.
        """
        if self.values is None:
            return None
        mean: _Array = (self.values if self.sigmoid else self.height(self.values)).mean(0)
        return mean

    def fired(self) -> NDArray[np.float64] | None:
        """The share of the stored codes for which each unit fires, `(units,)` in [0, 1]."""
        return None if self.values is None else self.fire(self.values).mean(0)

    def strongest(self, unit: int, count: int) -> NDArray[np.intp]:
        """The indices of at most `count` stored codes in which a unit is highest, the highest first."""
        if self.values is None:
            return np.empty(0, np.intp)
        return np.argsort(-self.values[:, unit], kind="stable")[:count]

    def rests_at_zero(self, unit: int) -> bool:
        """Whether an inactive unit is 0: a sigmoid, or one that is exactly 0 for most stored codes."""
        return self.sigmoid or (self.values is not None and float((self.values[:, unit] == 0).mean()) > 0.5)

    def off(self, latents: _Array, unit: int) -> _Array:
        """Latents `(batch, *latent_shape)` with one unit switched off, shaped as `latents`.

        It is set to 0 if it rests there, otherwise to its mean over the training images.
        """
        value = 0 if self.rests_at_zero(unit) else self._rows(self.manifest.latent_mean)[unit]
        return self._set(latents, unit, value)

    def alone(self, unit: int) -> _Array:
        """Latents `(3, *latent_shape)`: the mean with one unit moved by -2, 0 and +2 standard deviations.

        The unit is clipped to its range over the training images.
        """
        m = self.manifest
        mean, std = m.latent_mean, m.latent_std
        moved = [mean - _STDS * std, mean, mean + _STDS * std]
        clipped = [self._rows(np.clip(one, m.latent_minimum, m.latent_maximum))[unit] for one in moved]
        return np.concatenate([self._set(mean[None], unit, one) for one in clipped])

    def check(self, unit: Any) -> int:
        """A unit's number as an int.

        Raises:
            UsageError: it is not a whole number, or there is no such unit.
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
        BundleError: its codes were modified.
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
    """Whether a model's units were trained to fire rarely, or at least are sigmoids, by its model.json."""
    return "sparsity" in m.variant_options or "activity" in m.metrics or _within(m)


def counterpart(context: Context, name: str) -> str:
    """The model to compare with the one called `name`: a sparse one with a plain one, and vice versa."""
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
    """The names of the two models to show first."""
    names = list(context.bundles)
    sparse = next((name for name in names if is_sparse(context.manifest(name))), None)
    if sparse is None:
        return names[0], counterpart(context, names[0])
    return counterpart(context, sparse), sparse
