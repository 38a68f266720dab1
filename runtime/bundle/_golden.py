"""The golden images of model.json, with the answers that are expected of the graphs."""

from __future__ import annotations

import base64
import binascii
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle._types import AnySize, Golden, Sum
from diabolo.runtime.errors import ManifestError

__all__ = ["golden"]


def golden(
    given: dict[str, Any],
    image_shape: tuple[int, int, int],
    latent_shape: tuple[int, ...],
    any_size: AnySize | None,
) -> Golden:
    second = None
    if any_size is not None:
        image_shape, latent_shape = _golden_shapes(given, image_shape[0], latent_shape[0], any_size)
        if other := given.get("second"):
            second = golden(other | {"tolerance": given["tolerance"]}, image_shape, latent_shape, any_size)
    return Golden(
        image=_array(given["image"], (1, *image_shape), "image"),
        latent=_array(given["latent"], (1, *latent_shape), "latent"),
        reconstruction=_array(given["reconstruction"], (1, *image_shape), "reconstruction"),
        tolerance={name: float(value) for name, value in given["tolerance"].items()},
        sums=_sums(given.get("sums", {}), latent_shape, image_shape),
        second=second,
    )


def _golden_shapes(
    given: dict[str, Any], channels: int, latent_channels: int, any_size: AnySize
) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    height, width = (int(side) for side in given.get("size", (0, 0)))
    if not height or height % any_size.multiple or width % any_size.multiple:
        raise ManifestError(
            f"model.json: the golden image's size {given.get('size')} is not [height, width] in multiples of "
            f"{any_size.multiple}. Export the bundle again."
        )
    step = any_size.latent_stride
    return (channels, height, width), (latent_channels, height // step, width // step)


def _sums(
    given: dict[str, Any], latent_shape: tuple[int, ...], image_shape: tuple[int, int, int]
) -> dict[str, Sum]:
    shapes = {"latent": latent_shape, "log_variance": latent_shape, "image": image_shape}
    return {
        name: Sum(
            values=_array(given[name]["sum"], shape, f"sum {name}"),
            tolerance={provider: float(value) for provider, value in given[name]["tolerance"].items()},
        )
        for name, shape in shapes.items()
        if name in given
    }


def _array(text: str, shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ManifestError(f"model.json: golden {what} is not base64. Export the bundle again.") from None
    if len(raw) != 4 * prod(shape):
        raise ManifestError(
            f"model.json: golden {what} has {len(raw)} bytes, {list(shape)} needs {4 * prod(shape)}. "
            "Export the bundle again."
        )
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)
