"""A drawn picture: the example for models of photographs, which has no owner."""

from __future__ import annotations

import functools
import secrets
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from diabolo.runtime.autoencoder import Autoencoder
    from diabolo.runtime.bundle.manifest import Manifest

__all__ = ["has_scene", "scene", "scene_for"]

_Array: TypeAlias = NDArray[np.float64]

_SKY = ((86, 140, 196), (244, 214, 178))  # above, at the horizon
_HILLS = ((104, 128, 150), (70, 106, 104), (44, 78, 62))  # from far to near


@functools.lru_cache(maxsize=8)
def scene(seed: int = 0, width: int = 480, height: int = 320) -> NDArray[np.uint8]:
    """Hills under a sun, and their reflection in water: smooth parts, edges, fine texture and thin lines.

    Args:
        seed: the same seed gives the same hills.
        width: in pixels.
        height: in pixels.

    Returns:
        uint8 `(height, width, 3)`; not to be changed.
    """
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    shore = 0.7
    picture = _mix(np.array(_SKY[0], float), np.array(_SKY[1], float), np.clip(y / shore, 0, 1))
    sun = np.hypot((x - rng.uniform(0.55, 0.8)) * width, (y - 0.24) * height) / height
    picture += 60 * np.exp(-((sun / 0.25) ** 2))[..., None]
    _paint(picture, sun - 0.055, (255, 244, 214), height)
    for number, colour in enumerate(_HILLS):
        base = 0.42 + 0.1 * number
        ridge = base + sum(
            rng.uniform(0.02, 0.07) / k * np.sin(2 * np.pi * (k * x * 1.3 + rng.uniform())) for k in (1, 2, 5)
        )
        _paint(picture, ridge - y, _textured(colour, x, y, 0.03 * number, rng), height)
    _trees(picture, x, y, shore, rng)
    return _with_water(picture, shore, width, height)


def has_scene(model: Autoencoder) -> bool:
    """Whether a model shows the scene: one of any size without codes; random latents look like nothing."""
    m = model.manifest
    return m.any_size is not None and m.image_shape[0] in (1, 3) and model.codes is None


def scene_for(m: Manifest, seed: int | None = None) -> Image.Image:
    """A scene in the colours of a model.

    Args:
        m: the model's manifest, for 1 or 3 channels.
        seed: of the scene; None takes another each time.
    """
    picture = Image.fromarray(scene(secrets.randbelow(1000) if seed is None else seed))
    return picture.convert("L") if m.image_shape[0] == 1 else picture


def _mix(one: _Array, other: _Array, share: _Array) -> _Array:
    mixed: _Array = one + share[..., None] * (other - one)
    return mixed


def _paint(picture: _Array, outside: _Array, colour: object, height: int) -> None:
    """Paint where `outside`, a distance in heights of the picture, is negative; the edge is smooth."""
    cover = np.clip(0.5 - outside * height, 0, 1)[..., None]
    picture += cover * (np.asarray(colour, float) - picture)


def _textured(
    colour: tuple[int, ...],
    x: _Array,
    y: _Array,
    much: float,
    rng: np.random.Generator,
) -> _Array:
    """A colour with fine waves in all directions."""
    waves = np.zeros_like(x)
    for _ in range(24):
        across, down = rng.normal(0, 90, 2)
        waves += np.sin(across * x + down * y + rng.uniform(0, 6.3))
    return np.array(colour, float) * (1 + much * waves[..., None] / 2 - 0.25 * (y[..., None] - 0.6))


def _trees(
    picture: _Array,
    x: _Array,
    y: _Array,
    shore: float,
    rng: np.random.Generator,
) -> None:
    height, width = x.shape
    for _ in range(14):
        place, tall = rng.uniform(0.02, 0.5), rng.uniform(0.08, 0.2)
        down = (y - (shore - tall)) / tall  # 0 at the top, 1 at the foot
        broad = 0.16 * tall * np.clip(down, 0, 1) * (0.75 + 0.25 * np.cos(2 * np.pi * 5 * down))
        away = np.maximum(np.abs(x - place) * width / height - broad, np.maximum(-down, down - 1) * tall)
        _paint(picture, away, np.array((24, 52, 40)) * rng.uniform(0.8, 1.3), height)


def _with_water(picture: _Array, shore: float, width: int, height: int) -> NDArray[np.uint8]:
    """The lower part shows the upper one, darker and rippled."""
    start = round(shore * height)
    rows = np.arange(height - start)
    ripple = np.rint(2.5 * np.sin(rows**1.35 / 2.2)).astype(int)
    mirrored = np.clip(start - 1 - rows * 2 + ripple, 0, start - 1)
    columns = (np.arange(width)[None] + np.rint(3 * np.sin(rows / 1.7)).astype(int)[:, None]).clip(
        0, width - 1
    )
    water = picture[mirrored[:, None], columns] * (0.86, 0.92, 0.95) - 14
    picture[start:] = water
    result = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    result.flags.writeable = False
    return result
