"""The shapes in model.json of a model of any size, and what depends on them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle._types import AnySize
from diabolo.runtime.errors import ManifestError

__all__ = ["any_size", "latent_shape", "values"]


def any_size(document: dict[str, Any]) -> AnySize | None:
    """The image's `size`, which version 4 introduced."""
    image, latent = document["image"], document["latent"]
    if document["format_version"] < 4 or image.get("size") != "any":
        return None
    if missing := [
        f"{part}.{key}"
        for part, keys in (("image", ("multiple", "receptive_radius")), ("latent", ("stride",)))
        for key in keys
        if key not in document[part]
    ]:
        raise ManifestError(
            f"model.json: a model of any size needs {', '.join(missing)}. Export the bundle again."
        )
    size = AnySize(
        multiple=int(image["multiple"]),
        receptive_radius=image["receptive_radius"],
        latent_stride=int(latent["stride"]),
    )
    if size.multiple % size.latent_stride or any(n % size.multiple for n in image["shape"][1:]):
        raise ManifestError(
            f"model.json: image.shape {image['shape']}, image.multiple {size.multiple} and latent.stride "
            f"{size.latent_stride} do not fit together. Export the bundle again."
        )
    return size


def latent_shape(document: dict[str, Any]) -> tuple[int, ...]:
    """Of an image of `image.shape`."""
    shape, size = document["latent"]["shape"], any_size(document)
    if (size is None and None in shape) or (size and (len(shape) != 3 or shape[1:] != [None, None])):
        raise ManifestError(
            f"model.json: latent.shape {shape} is not possible for images of "
            f"{'any size' if size else 'one size'}. Export the bundle again."
        )
    if size is None:
        return tuple(int(n) for n in shape)
    return (int(shape[0]), *(int(n) // size.latent_stride for n in document["image"]["shape"][1:]))


def values(flat: list[float], shape: tuple[int, ...], what: str, size: AnySize | None) -> NDArray[np.float32]:
    """Statistics of the latents, float32 `shape`; a model of any size has one number per channel."""
    if size and len(flat) == shape[0]:  # one number per channel
        return np.broadcast_to(np.array(flat, np.float32)[:, None, None], shape).copy()
    if len(flat) != prod(shape):
        raise ManifestError(
            f"model.json: latent {what} has {len(flat)} values, its shape {list(shape)} needs {prod(shape)}. "
            "Export the bundle again."
        )
    return np.array(flat, np.float32).reshape(shape)
