"""Interpolation between latents: linear, spherical (slerp) and standardised. Pure functions over arrays.

An `Interpolator` takes two latents `a` and `b` of any one shape, and `t`, `(steps,)` in [0, 1]; it returns
`(steps, *a.shape)`. `find` gives one by its name; `interpolate`, `path` and `grid` apply it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_keywords, old_names
from diabolo.runtime.errors import UnknownNameError

__all__ = [
    "METHODS",
    "Interpolator",
    "find",
    "grid",
    "interpolate",
    "linear",
    "path",
    "spherical",
    "standardised",
]

_Array: TypeAlias = NDArray[np.float32]
Interpolator: TypeAlias = Callable[[_Array, _Array, _Array], _Array]

METHODS = {
    "linear": "the straight line (lerp)",
    "spherical": "an arc around the origin (slerp), for latents distributed roughly like N(0, I)",
    "standardised": "the same arc around the mean of the codes, in units of their standard deviations, "
    "for any other latents",
}
_NEARLY_PARALLEL = 1e-4  # radians


def linear(a: _Array, b: _Array, t: _Array) -> _Array:
    """Linear interpolation (lerp): (1 - t) a + t b.

    Args:
        a: the first latent, float32 of any shape.
        b: the last latent, shaped as `a`.
        t: positions between them, `(steps,)` in [0, 1].

    Returns:
        float32 `(steps, *a.shape)`.
    """
    weight = t.reshape(-1, *[1] * a.ndim).astype(np.float32)
    return (1 - weight) * a + weight * b


def spherical(a: _Array, b: _Array, t: _Array) -> _Array:
    """Spherical interpolation (slerp): the great arc between the directions of `a` and `b`.

    With the angle w between them, the direction is (sin((1 - t) w) a/|a| + sin(t w) b/|b|) / sin(w)
    (K. Shoemake, 'Animating rotation with quaternion curves', SIGGRAPH 1985,
    https://doi.org/10.1145/325334.325242). The length goes linearly from |a| to |b|. The arc stays in the
    shell where latents drawn from N(0, I) are found; the straight line cuts through it (T. White, 'Sampling
    Generative Networks', https://arxiv.org/abs/1609.04468).

    There is no single arc if the directions are nearly the same or opposite, or if a length is 0; the result
    is then the straight line.

    Args:
        a: the first latent, float32 of any shape.
        b: the last latent, shaped as `a`.
        t: positions between them, `(steps,)` in [0, 1].

    Returns:
        float32 `(steps, *a.shape)`.
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
    direction = (np.sin((1 - weight) * angle) * unit_a + np.sin(weight * angle) * unit_b) / np.sin(angle)
    length = (1 - weight) * length_a + weight * length_b
    latents: _Array = (length * direction).astype(np.float32).reshape(len(weight), *a.shape)
    return latents


@old_keywords(deviation="std")
def standardised(a: _Array, b: _Array, t: _Array, *, mean: _Array, std: _Array) -> _Array:
    """Spherical interpolation of standardised latents: the great arc between z = (latent - mean) / std.

    Slerp suits latents that fill a shell about the origin (T. White, https://arxiv.org/abs/1609.04468). The
    codes of a model without a prior do not: they are spread about their own mean, more widely in some
    dimensions than in others. Standardised, each dimension has mean 0 and standard deviation 1, as in N(0,
    I). A dimension with standard deviation 0 has no influence on the direction and is interpolated linearly.

    Args:
        a: the first latent, float32 of any shape.
        b: the last latent, shaped as `a`.
        t: positions between them, `(steps,)` in [0, 1].
        mean: the mean of the training set's latents, shaped as `a`.
        std: their standard deviation, shaped as `a`, at least 0.

    Returns:
        float32 `(steps, *a.shape)`.
    """
    varies = std > 0
    unit = np.where(varies, std, 1)
    ends = [np.where(varies, (end - mean) / unit, 0).astype(np.float32) for end in (a, b)]
    arc = spherical(ends[0], ends[1], t) * unit + mean
    latents: _Array = np.where(varies, arc, linear(a, b, t)).astype(np.float32)
    return latents


@old_keywords(deviation="std")
def find(method: str, mean: _Array, std: _Array) -> Interpolator:
    """The interpolator called `method`.

    Args:
        method: one of METHODS.
        mean: the mean of the latents, `latent_shape`; used by 'standardised' only.
        std: their standard deviation, `latent_shape`; used by 'standardised' only.

    Raises:
        UnknownNameError: `method` is not in METHODS.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise UnknownNameError("interpolation", method, METHODS)
    if method == "standardised":
        return functools.partial(standardised, mean=mean, std=std)
    return {"linear": linear, "spherical": spherical}[method]


@old_keywords(way="interpolator")
def interpolate(a: _Array, b: _Array, steps: int, interpolator: Interpolator) -> _Array:
    """`steps` latents from `a` to `b`; the first is exactly `a`, the last exactly `b`.

    Args:
        a: the first latent, of any shape.
        b: the last latent, shaped as `a`.
        steps: at least 2.
        interpolator: such as `linear` or `spherical`.

    Returns:
        `(steps, *a.shape)`.

    Raises:
        ValueError: fewer than 2 steps, or different shapes.
    """
    if steps < 2 or a.shape != b.shape:
        raise ValueError(f"needs at least 2 steps and one shape, got {steps}, {a.shape} and {b.shape}")
    latents = interpolator(a, b, np.linspace(0, 1, steps, dtype=np.float32))
    latents[0], latents[-1] = a, b
    return latents


@old_keywords(way="interpolator")
def path(keys: _Array, steps: int, interpolator: Interpolator) -> _Array:
    """A path through all keys: `steps` latents from each key to the next, every key exactly and once.

    Args:
        keys: `(k, *latent_shape)`, k >= 2.
        steps: latents from one key to the next, both included; at least 2.
        interpolator: such as `linear` or `spherical`.

    Returns:
        float32 `((k - 1) (steps - 1) + 1, *latent_shape)`; latent i (steps - 1) is key i.

    Raises:
        ValueError: fewer than 2 keys or steps.
    """
    if len(keys) < 2:
        raise ValueError(f"needs at least 2 keys, got {len(keys)}")
    segments = [
        interpolate(a, b, steps, interpolator)[:-1].astype(np.float32) for a, b in itertools.pairwise(keys)
    ]
    return np.concatenate([*segments, keys[-1:].astype(np.float32)])


@old_keywords(way="interpolator")
def grid(corners: _Array, rows: int, columns: int, interpolator: Interpolator) -> _Array:
    """A grid between four corners: interpolated down the left and the right side, then across each row.

    With `linear` this is bilinear interpolation, and the order does not matter. With an arc it matters
    slightly.

    Args:
        corners: `(4, *latent_shape)`: top left, top right, bottom left, bottom right; the grid has them
            exactly.
        rows: at least 2.
        columns: at least 2.
        interpolator: such as `linear` or `spherical`.

    Returns:
        `(rows, columns, *latent_shape)`.

    Raises:
        ValueError: other than 4 corners, or fewer than 2 rows or columns.
    """
    if len(corners) != 4:
        raise ValueError(f"needs 4 corners, got {len(corners)}")
    left = interpolate(corners[0], corners[2], rows, interpolator)
    right = interpolate(corners[1], corners[3], rows, interpolator)
    return np.stack([interpolate(a, b, columns, interpolator) for a, b in zip(left, right, strict=True)])


__getattr__ = old_names(__name__, {"Way": "Interpolator"})
