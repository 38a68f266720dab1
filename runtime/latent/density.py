"""The density of the training codes at any point of a latent space.

It is estimated by the k nearest neighbours: with the distance r to the k-th nearest of n training codes, the
density is k / (n V r^d), where V is the volume of the unit ball in d dimensions (D. Loftsgaarden and
C. Quesenberry, 'A nonparametric estimate of a multivariate density function', Annals of Mathematical
Statistics 36, 1965, https://doi.org/10.1214/aoms/1177700079). In many dimensions a distance means little by
itself. A point is therefore ranked among codes of test images, which the model was not trained on: if nearly
all of them are closer to the training codes, there is no training data near the point.

Distances are in units of the training codes' standard deviation in each dimension. A VAE's codes are drawn
from the encoder's posterior, not its means: their density is the aggregate posterior, which the decoder was
trained on. A dimension that carries no information is then as wide as the prior and does not distort the
distances.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_keywords
from diabolo.runtime.latent.knn import distances

__all__ = ["LEVELS", "NEIGHBOUR", "Density", "scale_of"]

NEIGHBOUR = 5  # k
LEVELS = 201  # quantiles of the test codes' distances
_LEAST = 1e-3  # the smallest unit of a dimension, as a share of the largest one; it must not be 0


class Density:
    """Training codes of a model, and the distances of test codes from them.

    Args:
        training: codes of training images, `(n, *latent_shape)`, n at least 5; a VAE's are drawn from the
            posterior.
        typical: quantiles of the distances of test codes, as `distance` gives them: `(levels,)`, ascending,
            evenly spaced from the smallest to the largest, at least 2.

    Raises:
        ValueError: fewer than 5 training codes or 2 quantiles.
    """

    def __init__(self, training: NDArray[np.float32], typical: NDArray[np.float32]) -> None:
        if len(training) < NEIGHBOUR or len(typical) < 2:
            raise ValueError(
                f"a density takes at least {NEIGHBOUR} training codes and 2 distances, "
                f"not {len(training)} and {len(typical)}"
            )
        self._shape = training.shape[1:]
        flat = training.reshape(len(training), -1)
        self._scale = scale_of(flat)
        self._training = flat / self._scale
        self._typical = typical.astype(np.float64)

    @classmethod
    @old_keywords(tested="test")
    def of(cls, training: NDArray[np.float32], test: NDArray[np.float32]) -> Density:
        """The density of training codes; the distances of test codes are computed (`LEVELS` quantiles).

        Args:
            training: codes of training images, `(n, *latent_shape)`, n at least 5.
            test: codes of test images, `(m, *latent_shape)`, m at least 1. A VAE's codes, of both kinds,
                are drawn from the posterior.

        Raises:
            ValueError: fewer than 5 training codes.
        """
        found = cls(training, np.array([0, 1], np.float32)).distance(test)
        return cls(training, np.quantile(found, np.linspace(0, 1, LEVELS)).astype(np.float32))

    @property
    def quantiles(self) -> NDArray[np.float32]:
        """Quantiles of the test codes' distances, float32 `(levels,)`, ascending."""
        return self._typical.astype(np.float32)

    @property
    def typical(self) -> float:
        """The median distance of the test codes, in standard deviations."""
        return float(np.interp(0.5, np.linspace(0, 1, len(self._typical)), self._typical))

    def distance(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The distance from the fifth nearest training code, in standard deviations.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            `(batch,)`, at least 0.
        """
        flat = latents.reshape(len(latents), -1) / self._scale
        return distances(flat, self._training, NEIGHBOUR)

    def rank(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The share of test codes that are closer to the training codes.

        A rank of about 0.5 is ordinary; above 0.95 the app marks the latent as far from the codes.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            `(batch,)` in [0, 1].
        """
        # of equal distances the first one counts: the rank is the share of strictly smaller distances
        distance, levels = np.unique(self._typical, return_index=True)
        return np.interp(self.distance(latents), distance, levels / (len(self._typical) - 1), right=1)

    def log_density(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The natural logarithm of the density at each latent, as a probability density.

        The unit of volume is the product of the dimensions' standard deviations.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            `(batch,)`.
        """
        count, dimensions = self._training.shape
        ball = dimensions / 2 * math.log(math.pi) - math.lgamma(dimensions / 2 + 1)
        radius = np.maximum(self.distance(latents), np.finfo(np.float32).tiny)
        density: NDArray[np.float64] = math.log(NEIGHBOUR / count) - ball - dimensions * np.log(radius)
        return density


def scale_of(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit of distance in each dimension: the codes' standard deviation, or a small value where it is 0.

    Args:
        flat: codes, `(n, d)`.

    Returns:
        float32 `(d,)`, above 0: at least a thousandth of the largest standard deviation.
    """
    std = flat.std(0)
    unit: NDArray[np.float32] = np.maximum(std, _LEAST * (std.max() or 1)).astype(np.float32)
    return unit
