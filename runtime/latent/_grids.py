"""The latent space of a model of any size, for grids of other sizes than its training crops'."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.distribution import Fitted, Normal, Statistics
from diabolo.runtime.latent.space import LatentSpace

__all__ = ["of_grid"]


def of_grid(space: LatentSpace, shape: tuple[int, ...]) -> LatentSpace:
    """The space of latents of another number of rows and columns; it has no codes.

    Args:
        space: of latents `(c, rows, columns)` whose statistics are equal at all positions.
        shape: `(c, other rows, other columns)`.
    """
    if shape == space.shape:
        return space

    def grown(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.broadcast_to(values[:, :1, :1], shape).copy()

    own = space.statistics
    statistics = Statistics(
        mean=grown(own.mean), std=grown(own.std), minimum=grown(own.minimum), maximum=grown(own.maximum)
    )
    normal = space.distribution.name == "normal"
    return LatentSpace(statistics, Normal(shape) if normal else Fitted(statistics, lambda: None))
