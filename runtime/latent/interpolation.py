"""Ways from one latent to another. Pure functions over arrays; a latent may have any shape.

A way takes two latents `a` and `b` and `t`, `(steps,)` in [0, 1]; it returns `(steps, *a.shape)`. `find`
gives one by its name; `interpolate`, `path` and `grid` walk along it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import UnknownNameError

__all__ = ["METHODS", "Way", "find", "grid", "interpolate", "linear", "path", "spherical", "standardised"]

_Array: TypeAlias = NDArray[np.float32]
Way: TypeAlias = Callable[[_Array, _Array, _Array], _Array]

METHODS = {
    "linear": "the straight line",
    "spherical": "the great arc about the origin, for latents that are about N(0, I)",
    "standardised": "the arc in units of the latents' deviation, about their mean, for any others",
}
_NEARLY_PARALLEL = 1e-4  # radians


def linear(a: _Array, b: _Array, t: _Array) -> _Array:
    """The straight line, (1 - t) a + t b. `t` is `(steps,)` in [0, 1]; returns `(steps, *a.shape)`."""
    weight = t.reshape(-1, *[1] * a.ndim).astype(np.float32)
    return (1 - weight) * a + weight * b


def spherical(a: _Array, b: _Array, t: _Array) -> _Array:
    """The great arc between the directions, the length going linearly from |a| to |b|.

    It keeps to the shell where latents drawn from N(0, I) lie, which the straight line cuts through
    (K. Shoemake, 'Animating rotation with quaternion curves', SIGGRAPH 1985; for latents: T. White,
    https://arxiv.org/abs/1609.04468). Where the directions are nearly the same, opposite, or one has
    no length, there is no single arc and the straight line is returned.
    """
    flat_a, flat_b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    length_a, length_b = np.linalg.norm(flat_a), np.linalg.norm(flat_b)
    if length_a == 0 or length_b == 0:
        return linear(a, b, t)
    unit_a, unit_b = flat_a / length_a, flat_b / length_b
    angle = np.arccos(np.clip(unit_a @ unit_b, -1, 1))
    if angle < _NEARLY_PARALLEL or np.pi - angle < _NEARLY_PARALLEL:
        return linear(a, b, t)
    weight = np.asarray(t, np.float64).reshape(-1, 1)
    arc = (np.sin((1 - weight) * angle) * unit_a + np.sin(weight * angle) * unit_b) / np.sin(angle)
    length = (1 - weight) * length_a + weight * length_b
    walked: _Array = (length * arc).astype(np.float32).reshape(len(weight), *a.shape)
    return walked


def standardised(a: _Array, b: _Array, t: _Array, *, mean: _Array, deviation: _Array) -> _Array:
    """The great arc in units of the latents' deviation: z = (latent - mean) / deviation, the arc of the z.

    The arc is right for latents that fill a shell about the origin (T. White,
    https://arxiv.org/abs/1609.04468). The codes of a model without a prior do not: they lie about their own
    mean, wider in some dimensions than in others. Standardised, each dimension has mean 0 and deviation 1,
    as N(0, I) has. A dimension that never varies (deviation 0) says nothing of directions; it goes straight.

    Args:
        a: a latent.
        b: another.
        t: `(steps,)` in [0, 1].
        mean, deviation: of the training set's latents, shaped as `a`; deviation at least 0.
    """
    varies = deviation > 0
    unit = np.where(varies, deviation, 1)
    ends = [np.where(varies, (end - mean) / unit, 0).astype(np.float32) for end in (a, b)]
    arc = spherical(ends[0], ends[1], t) * unit + mean
    walked: _Array = np.where(varies, arc, linear(a, b, t)).astype(np.float32)
    return walked


def find(method: str, mean: _Array, deviation: _Array) -> Way:
    """The way called `method`, one of METHODS, among latents with this mean and deviation.

    Raises:
        UnknownNameError: there is none.
    """
    if method not in METHODS:
        raise UnknownNameError("interpolation", method, METHODS)
    if method == "standardised":
        return functools.partial(standardised, mean=mean, deviation=deviation)
    return {"linear": linear, "spherical": spherical}[method]


def interpolate(a: _Array, b: _Array, steps: int, way: Way) -> _Array:
    """`steps` latents from `a` to `b`, both ends included exactly: `(steps, *a.shape)`, steps >= 2.

    Raises:
        ValueError: fewer than 2 steps, or two shapes.
    """
    if steps < 2 or a.shape != b.shape:
        raise ValueError(f"needs at least 2 steps and one shape, got {steps}, {a.shape} and {b.shape}")
    walked = way(a, b, np.linspace(0, 1, steps, dtype=np.float32))
    walked[0], walked[-1] = a, b
    return walked


def path(keys: _Array, steps: int, way: Way) -> _Array:
    """From each key to the next, `steps` latents a leg, every key included exactly and once.

    Args:
        keys: `(k, *latent_shape)`, k >= 2.
        steps: of one leg, both ends included, at least 2.
        way: how a leg goes.

    Returns:
        `((k - 1) (steps - 1) + 1, *latent_shape)`; frame i (steps - 1) is key i.

    Raises:
        ValueError: fewer than 2 keys or steps.
    """
    if len(keys) < 2:
        raise ValueError(f"needs at least 2 keys, got {len(keys)}")
    legs = [interpolate(a, b, steps, way)[:-1].astype(np.float32) for a, b in itertools.pairwise(keys)]
    return np.concatenate([*legs, keys[-1:].astype(np.float32)])


def grid(corners: _Array, rows: int, columns: int, way: Way) -> _Array:
    """Between four corners: down the left and the right side, then across each row.

    On the straight line that is bilinear: the order does not matter. On an arc it does, a little.

    Args:
        corners: `(4, *latent_shape)`: top left, top right, bottom left, bottom right; hit exactly.
        rows: at least 2.
        columns: at least 2.
        way: how each side and each row goes.

    Returns:
        `(rows, columns, *latent_shape)`.

    Raises:
        ValueError: other than 4 corners, fewer than 2 rows or columns.
    """
    if len(corners) != 4:
        raise ValueError(f"needs 4 corners, got {len(corners)}")
    left = interpolate(corners[0], corners[2], rows, way)
    right = interpolate(corners[1], corners[3], rows, way)
    return np.stack([interpolate(a, b, columns, way) for a, b in zip(left, right, strict=True)])
