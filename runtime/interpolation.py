"""Ways from one latent to another. Pure functions over arrays; a latent may have any shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import UnknownNameError

__all__ = ["METHODS", "interpolate", "linear", "spherical"]

_Array = NDArray[np.float32]
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
    path: _Array = (length * arc).astype(np.float32).reshape(len(weight), *a.shape)
    return path


METHODS: dict[str, Callable[[_Array, _Array, _Array], _Array]] = {"linear": linear, "spherical": spherical}


def interpolate(a: _Array, b: _Array, steps: int, method: str) -> _Array:
    """`steps` latents from `a` to `b`, both ends included exactly: `(steps, *a.shape)`, steps >= 2.

    Raises:
        UnknownNameError: there is no such method.
        ValueError: fewer than 2 steps, or two shapes.
    """
    if method not in METHODS:
        raise UnknownNameError("interpolation", method, METHODS)
    if steps < 2 or a.shape != b.shape:
        raise ValueError(f"needs at least 2 steps and one shape, got {steps}, {a.shape} and {b.shape}")
    path = METHODS[method](a, b, np.linspace(0, 1, steps, dtype=np.float32))
    path[0], path[-1] = a, b
    return path
