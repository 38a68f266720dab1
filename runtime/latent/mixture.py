"""A mixture of gaussians: codes that lie in several clusters, as one gaussian cannot.

Ghosh et al., 'From Variational to Deterministic Autoencoders', section 4, https://arxiv.org/abs/1903.12436,
fit one to the codes of a trained autoencoder, and draw new latents from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Mixture"]

_Array: TypeAlias = NDArray[np.float32]


class Mixture:
    """k gaussians over flat latents of d values: component i has a weight, a mean, and a covariance R R^T.

    Args:
        weights: `(k,)`, k at least 1: at least 0, not all 0, in any unit.
        means: `(k, d)`, finite.
        roots: `(k, d, d)`, R of each component, finite; such as the Cholesky factor of its covariance.
        shape: of one latent, of d values; None: `(d,)`.

    Raises:
        ValueError: an array has another shape, or values that are not allowed.
    """

    name = "mixture"
    description = "a mixture of gaussians fitted to the codes"

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        roots: ArrayLike,
        *,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self.weights = _finite(weights, np.float64, "weights")
        self.means = _finite(means, np.float32, "means")
        self.roots = _finite(roots, np.float32, "roots")
        if self.means.ndim != 2 or not self.means.size:
            raise ValueError(f"a mixture has means of shape (k, d), not {self.means.shape}")
        count, size = self.means.shape
        if self.weights.shape != (count,) or self.roots.shape != (count, size, size):
            raise ValueError(
                f"a mixture of {count} gaussians in {size} dimensions has weights of shape ({count},) and "
                f"roots of shape ({count}, {size}, {size}), not {self.weights.shape} and {self.roots.shape}"
            )
        if (self.weights < 0).any() or not self.weights.any():
            raise ValueError("a mixture's weights must be at least 0, and not all 0")
        self.shape = (size,) if shape is None else tuple(shape)
        if prod(self.shape) != size:
            raise ValueError(f"latents of the shape {self.shape} do not have {size} values")
        largest = self.weights / self.weights.max()  # so that the sum of the largest numbers is finite, too
        self.weights = largest / largest.sum()

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], latent_shape: tuple[int, ...]) -> Mixture:
        """The mixture of `weights`, `means` and `roots`, for latents of this shape.

        Raises:
            KeyError: an array is missing.
            ValueError: as of the class; or the means do not fit the latents.
        """
        means = arrays["means"]
        if means.shape[1:] != (prod(latent_shape),):
            raise ValueError(f"means of shape {means.shape}; this model's have (k, {prod(latent_shape)})")
        return cls(arrays["weights"], means, arrays["roots"], shape=latent_shape)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`weights`, `means` and `roots`."""
        return {"weights": self.weights, "means": self.means, "roots": self.roots}

    def sample(self, count: int, rng: np.random.Generator) -> _Array:
        """Draw latents float32 `(count, *latent_shape)`: first a component, then from its gaussian."""
        chosen = rng.choice(len(self.weights), count, p=self.weights)
        drawn = rng.standard_normal((count, self.means.shape[1])).astype(np.float32)
        for index in np.unique(chosen):  # component by component: a root for each latent would be large
            rows = chosen == index
            drawn[rows] = drawn[rows] @ self.roots[index].T + self.means[index]
        return drawn.reshape(count, *self.shape)


def _finite(given: ArrayLike, dtype: type[np.floating], what: str) -> NDArray[np.floating]:
    values = np.asarray(given, dtype)
    if not np.isfinite(values).all():
        raise ValueError(f"a mixture's {what} must be finite numbers")
    return values
