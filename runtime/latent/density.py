"""How dense the training codes lie at any point of a latent space, of all its dimensions.

The distance r to the k-th nearest of n training codes says it: the density there is k / (n V r^d), V the
volume of the unit ball (Loftsgaarden and Quesenberry, 'A nonparametric estimate of a multivariate density
function', Annals of Mathematical Statistics 36, 1965). In many dimensions no distance means much by
itself, so a point is ranked among codes of test images, which the model never saw: where nearly all of those
lie closer to the training codes, nothing was learned.

Distances are in units of the training codes' standard deviation, by dimension. For a VAE the codes are drawn
from the encoder's posterior, not its means: their density is the aggregate posterior, which is what the
decoder was trained on; a dimension that carries nothing is then as wide as the prior, and no trap.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.knn import distances

__all__ = ["LEVELS", "NEIGHBOUR", "Density", "scale_of"]

NEIGHBOUR = 5  # the k
LEVELS = 201  # quantiles of the test codes' distances
_LEAST = 1e-3  # a dimension's unit, as a share of the widest dimension's: none is infinitely narrow


class Density:
    """Training codes of a model, and how near to them test codes lie.

    Args:
        training: codes of training images, `(n, *latent_shape)`, n at least 5; drawn ones for a VAE.
        typical: distances of test codes as `distance` gives them, ascending, evenly spaced quantiles from the
            smallest to the largest.

    Raises:
        ValueError: too few of either.
    """

    def __init__(self, training: NDArray[np.float32], typical: NDArray[np.float32]) -> None:
        if len(training) < NEIGHBOUR or len(typical) < 2:
            raise ValueError(f"a density needs {NEIGHBOUR} training codes and two distances at least")
        self._shape = training.shape[1:]
        flat = training.reshape(len(training), -1)
        self._scale = scale_of(flat)
        self._training = flat / self._scale
        self._typical = typical.astype(np.float64)

    @classmethod
    def of(cls, training: NDArray[np.float32], tested: NDArray[np.float32]) -> Density:
        """The density of training codes, with the distances of test codes measured: `LEVELS` quantiles.

        Args:
            training: as for the class.
            tested: codes of test images, `(m, *latent_shape)`, m at least 1; drawn ones for a VAE.

        Raises:
            ValueError: too few training codes.
        """
        found = cls(training, np.array([0, 1], np.float32)).distance(tested)
        return cls(training, np.quantile(found, np.linspace(0, 1, LEVELS)).astype(np.float32))

    @property
    def quantiles(self) -> NDArray[np.float32]:
        """The distances of test codes that the class was given, ascending."""
        return self._typical.astype(np.float32)

    @property
    def typical(self) -> float:
        """The distance at which half of the test codes lie."""
        return float(np.interp(0.5, np.linspace(0, 1, len(self._typical)), self._typical))

    def distance(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The distance from the fifth nearest training code, in standard deviations.

        Takes latents `(batch, *latent_shape)`; returns `(batch,)`.
        """
        flat = latents.reshape(len(latents), -1) / self._scale
        return distances(flat, self._training, NEIGHBOUR)

    def rank(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The share of test codes that lie closer to the training codes, `(batch,)` in [0, 1].

        About .5 is an ordinary place; above .99 nothing was learned.
        """
        # of equal distances the first counts: only what lies farther is stranger
        distance, levels = np.unique(self._typical, return_index=True)
        return np.interp(self.distance(latents), distance, levels / (len(self._typical) - 1), right=1)

    def log_density(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """The logarithm of the density at each point, `(batch,)`, in training codes by unit of volume.

        The whole space has 1; units of volume are products of the dimensions' standard deviations.
        """
        count, dimensions = self._training.shape
        ball = dimensions / 2 * math.log(math.pi) - math.lgamma(dimensions / 2 + 1)
        radius = np.maximum(self.distance(latents), np.finfo(np.float32).tiny)
        density: NDArray[np.float64] = math.log(NEIGHBOUR / count) - ball - dimensions * np.log(radius)
        return density


def scale_of(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit of each dimension of codes `(n, d)`: their standard deviation, or a little where it is 0."""
    std = flat.std(0)
    unit: NDArray[np.float32] = np.maximum(std, _LEAST * (std.max() or 1)).astype(np.float32)
    return unit
