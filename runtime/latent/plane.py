"""Planes through a latent space, to look at one of many dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.pca import principal

__all__ = ["Plane", "plane_of_axes", "principal_plane"]

_Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """A plane of a latent space with d dimensions: latent = origin + x across + y up + an orthogonal rest.

    Attributes:
        axes: the two dimensions, or None for principal directions.
        origin: `(d,)`, the point where x and y are 0.
        across: `(d,)`, of length 1.
        up: `(d,)`, of length 1 and orthogonal to `across`; all 0 if the space has only one dimension.
    """

    axes: tuple[int, int] | None
    origin: _Array
    across: _Array
    up: _Array

    def project(self, latents: _Array) -> _Array:
        """The coordinates x and y of latents in the plane.

        Args:
            latents: `(batch, *latent_shape)`.

        Returns:
            `(batch, 2)`.
        """
        centred = latents.reshape(len(latents), -1) - self.origin
        return np.stack([centred @ self.across, centred @ self.up], axis=1)


def plane_of_axes(axes: tuple[int, int], dimensions: int) -> Plane:
    """The plane through 0 that two dimensions span; a line if both are the same.

    Args:
        axes: two dimensions, each from 0 to `dimensions` - 1.
        dimensions: of the latent space.
    """
    across, up = np.zeros((2, dimensions), np.float32)
    across[axes[0]] = 1
    if axes[0] != axes[1]:
        up[axes[1]] = 1
    return Plane(axes=axes, origin=np.zeros(dimensions, np.float32), across=across, up=up)


def principal_plane(codes: _Array) -> Plane:
    """The plane through the mean of codes that their first two principal directions span.

    Args:
        codes: `(n, *latent_shape)`, of at least 2 values each.
    """
    flat = codes.reshape(len(codes), -1)
    across, up = principal(flat)
    return Plane(axes=None, origin=flat.mean(0), across=across, up=up)
