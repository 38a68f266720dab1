"""Planes through a latent space: where codes lie in one, and how dense. Pure functions over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.plane import Plane
from diabolo.runtime.latent.space import LatentSpace

__all__ = ["FAR", "SIDE", "Map", "levels", "map_of", "slider_range"]

FAR = 0.99  # where this share of test codes lie closer to the training codes, nothing was learned
SIDE = 64  # cells of the density's grid
_MARGIN = 0.25  # of the codes' span, beyond them on either side
_LEAST = 0.2  # of the full tint, where hardly anything was learned
_TAIL = 1.5  # percent of the codes that may lie outside, at either end

_Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """A piece of a plane, and where codes lie in it.

    Attributes:
        plane: through the latent space.
        points: `(n, 2)`, the codes' x and y.
        low: the x and the y at which the map begins.
        high: and where it ends.
    """

    plane: Plane
    points: _Array
    low: tuple[float, float]
    high: tuple[float, float]


def map_of(space: LatentSpace, axes: tuple[int, int] | None = None) -> Map:
    """The map of a plane, with all but a few of the codes; with a prior, three standard deviations of it.

    Args:
        space: with codes.
        axes: two dimensions; None takes both where there are two, else the principal directions.

    Raises:
        UsageError: no such dimensions.
        ValueError: no codes.
    """
    if space.codes is None:
        raise ValueError("a map shows codes, and there are none")
    plane = space.plane(axes)
    points, line = plane.project(space.codes.latents), not plane.up.any()
    if line:  # the dots are spread beside it, to be told apart
        points[:, 1] = np.random.default_rng(0).uniform(-0.3, 0.3, len(points))
    low, high = np.percentile(points, [_TAIL, 100 - _TAIL], axis=0)
    span = np.maximum(high - low, 1e-6)
    low, high = low - _MARGIN * span, high + _MARGIN * span
    if space.distribution.name == "normal" and plane.axes is not None:
        low, high = np.minimum(low, -3), np.maximum(high, 3)
    if line:
        low[1], high[1] = -1, 1
    return Map(
        plane=plane,
        points=points,
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
    )


def levels(shown: Map, space: LatentSpace) -> NDArray[np.uint8]:
    """How dense codes lie over the map, 0 to 255: `(SIDE, SIDE)`, the topmost row first.

    Where the plane is the whole space it is the logarithm of the training codes' density, and 0 where nothing
    was learned; else it is a soft histogram of the projected codes.
    """
    if space.density is not None and space.dimensions == 2 and shown.plane.axes == (0, 1):
        return _whole(shown, space.density, space.shape)
    return _histogram(shown)


def _whole(shown: Map, density: Density, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    centres = [
        np.linspace(low, high, SIDE, endpoint=False) + (high - low) / (2 * SIDE)
        for low, high in zip(shown.low, shown.high, strict=True)
    ]
    x, y = np.meshgrid(centres[0], centres[1][::-1])
    latents = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32).reshape(-1, *shape)
    logs = density.log_density(latents)
    # the rank falls as the density grows: the edge of what was learned is found by halving
    order = np.argsort(logs)
    first, last = 0, len(order) - 1
    while first < last:
        middle = (first + last) // 2
        if density.rank(latents[order[middle]][None])[0] > FAR:
            first = middle + 1
        else:
            last = middle
    edge, top = logs[order[first]], np.percentile(logs, 99.5)
    share = np.clip((logs - edge) / max(top - edge, 1e-6), 0, 1)
    tint = np.where(logs >= edge, _LEAST + (1 - _LEAST) * share, 0)  # with an edge to be seen
    return (255 * _soft(tint.reshape(SIDE, SIDE), 0.8)).round().astype(np.uint8)


def _histogram(shown: Map) -> NDArray[np.uint8]:
    edges = [np.linspace(low, high, SIDE + 1) for low, high in zip(shown.low, shown.high, strict=True)]
    counts, _x, _y = np.histogram2d(shown.points[:, 0], shown.points[:, 1], bins=edges)
    soft = _soft(counts.T[::-1], 2)
    return (255 * np.sqrt(soft / (soft.max() or 1))).round().astype(np.uint8)


def _soft(grid: NDArray[np.floating], width: float) -> NDArray[np.float64]:
    """A grid blurred by a gaussian of this deviation, in cells; nothing lies beyond its edges."""
    bell = np.exp(-0.5 * (np.arange(-6, 7) / width) ** 2)
    for axis in (0, 1):
        grid = np.apply_along_axis(np.convolve, axis, grid, bell / bell.sum(), mode="same")
    return grid.astype(np.float64)


def slider_range(space: LatentSpace) -> tuple[_Array, _Array]:
    """From where to where each dimension is worth moving: `(d,)` each, flat."""
    s = space.statistics
    mean, std = s.mean.ravel(), s.std.ravel()
    low = np.maximum(s.minimum.ravel(), mean - 4 * std)
    high = np.minimum(s.maximum.ravel(), mean + 4 * std)
    if space.distribution.name == "normal":
        low, high = np.minimum(low, -3), np.maximum(high, 3)
    still = high - low < 1e-6
    return np.where(still, mean - 1, low), np.where(still, mean + 1, high)
