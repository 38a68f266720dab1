"""Maps of a plane through a latent space: where the codes lie in it, and how densely. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.plane import Plane
from diabolo.runtime.latent.space import LatentSpace
from diabolo.ui.parts.marks import FAR

__all__ = ["FAR", "SIDE", "LatentMap", "density_levels", "map_of", "slider_range"]

SIDE = 64  # cells of the density's grid, along each axis
_MARGIN = 0.25  # beyond the codes on either side, as a share of their span
_LEAST = 0.2  # of the full tint, at the edge of the training data
_TAIL = 1.5  # percent of the codes that may lie outside, at either end of an axis

_Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentMap:
    """A rectangle in a plane, and the codes projected onto it.

    Attributes:
        plane: the plane through the latent space.
        points: float32 `(n, 2)`, x and y of the codes.
        low: the smallest x and y on the map.
        high: the largest x and y on the map.
    """

    plane: Plane
    points: _Array
    low: tuple[float, float]
    high: tuple[float, float]


def map_of(space: LatentSpace, axes: tuple[int, int] | None = None) -> LatentMap:
    """The map of a plane. It spans all but the outermost codes and, with a prior, three standard deviations.

    Args:
        space: a latent space with codes.
        axes: two dimensions; None takes both of a latent of two dimensions, else the principal directions.

    Raises:
        UsageError: there are no such dimensions.
        ValueError: the space has no codes.
    """
    if space.codes is None:
        raise ValueError("a map shows codes, and there are none")
    plane = space.plane(axes)
    points, line = plane.project(space.codes.latents), not plane.up.any()
    if line:  # a latent of one dimension: spread the dots vertically, so that they can be told apart
        points[:, 1] = np.random.default_rng(0).uniform(-0.3, 0.3, len(points))
    low, high = np.percentile(points, [_TAIL, 100 - _TAIL], axis=0)
    span = np.maximum(high - low, 1e-6)
    low, high = low - _MARGIN * span, high + _MARGIN * span
    if space.distribution.name == "normal" and plane.axes is not None:
        low, high = np.minimum(low, -3), np.maximum(high, 3)
    if line:
        low[1], high[1] = -1, 1
    return LatentMap(
        plane=plane,
        points=points,
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
    )


def density_levels(shown: LatentMap, space: LatentSpace) -> NDArray[np.uint8]:
    """The density of the codes over the map: uint8 `(SIDE, SIDE)`, the topmost row first.

    In a latent space of two dimensions it is the logarithm of the training codes' density, and 0 far from
    them; in any other it is a blurred histogram of the projected codes.
    """
    if space.density is not None and space.dimensions == 2 and shown.plane.axes == (0, 1):
        return _log_density(shown, space.density, space.shape)
    return _histogram(shown)


def _log_density(shown: LatentMap, density: Density, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    centres = [
        np.linspace(low, high, SIDE, endpoint=False) + (high - low) / (2 * SIDE)
        for low, high in zip(shown.low, shown.high, strict=True)
    ]
    x, y = np.meshgrid(centres[0], centres[1][::-1])
    latents = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32).reshape(-1, *shape)
    logs = density.log_density(latents)
    # the rank falls as the density grows, so bisection finds the edge of the training data
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
    tint = np.where(logs >= edge, _LEAST + (1 - _LEAST) * share, 0)  # a visible edge
    return (255 * _blurred(tint.reshape(SIDE, SIDE), 0.8)).round().astype(np.uint8)


def _histogram(shown: LatentMap) -> NDArray[np.uint8]:
    edges = [np.linspace(low, high, SIDE + 1) for low, high in zip(shown.low, shown.high, strict=True)]
    counts, _x, _y = np.histogram2d(shown.points[:, 0], shown.points[:, 1], bins=edges)
    soft = _blurred(counts.T[::-1], 2)
    return (255 * np.sqrt(soft / (soft.max() or 1))).round().astype(np.uint8)


def _blurred(grid: NDArray[np.floating], width: float) -> NDArray[np.float64]:
    """A grid blurred by a gaussian; `width` is its standard deviation in cells. Beyond the edges all is 0."""
    bell = np.exp(-0.5 * (np.arange(-6, 7) / width) ** 2)
    for axis in (0, 1):
        grid = np.apply_along_axis(np.convolve, axis, grid, bell / bell.sum(), mode="same")
    return grid.astype(np.float64)


def slider_range(space: LatentSpace) -> tuple[_Array, _Array]:
    """A useful range of each dimension for sliders: the lower and the upper ends, float32 `(d,)` each."""
    s = space.statistics
    mean, std = s.mean.ravel(), s.std.ravel()
    low = np.maximum(s.minimum.ravel(), mean - 4 * std)
    high = np.minimum(s.maximum.ravel(), mean + 4 * std)
    if space.distribution.name == "normal":
        low, high = np.minimum(low, -3), np.maximum(high, 3)
    constant = high - low < 1e-6
    return np.where(constant, mean - 1, low), np.where(constant, mean + 1, high)
