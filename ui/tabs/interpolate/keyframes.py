"""A row of key frames, moved and removed on the page; the component's value has them as PNG."""

from __future__ import annotations

import random
from collections.abc import Mapping
from importlib import resources
from math import prod
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.background import background_kind
from diabolo.runtime.image.convert import as_batch, prepare
from diabolo.runtime.image.mosaic import png
from diabolo.runtime.image.photo.scene import has_scene, scene_for
from diabolo.ui.explorer.backend import latents_of
from diabolo.ui.parts.context import picture_of
from diabolo.ui.parts.data_url import data_url, from_data_url

__all__ = ["MOST", "fits", "images_of", "keyframes", "keys_of", "packed", "row_of", "samples"]

MOST = 6


def keyframes() -> gr.HTML:
    """The row. Its value:

    {"frames": as `packed` makes them, "latents": of each frame, or None to encode its picture, "model": its
    name, "before": frames and latents before the last change, or None, "words": for the page}.
    """
    return gr.HTML(
        {"frames": [], "latents": [], "model": "", "before": None, "words": {}},
        html_template='<div class="keys" role="list"></div>',
        js_on_load=resources.files("diabolo.ui.tabs.interpolate").joinpath("keyframes.js").read_text("utf-8"),
        apply_default_css=False,
        elem_classes="keyframes",
    )


def packed(image: NDArray[np.float32]) -> str:
    """One image float32 `(channels, height, width)` in [0, 1] as a data URL."""
    return data_url(png(picture_of(image)))


def row_of(value: Any) -> dict[str, Any]:
    """The row's value, checked.

    Raises:
        ImageError: the value has no list of frames or no name of a model.
    """
    frames, model = (value.get("frames"), value.get("model")) if isinstance(value, dict) else (None, None)
    if not isinstance(frames, list) or not isinstance(model, str):
        raise ImageError("key frames must be a list, with the name of a model. Load the page again.")
    latents, before = value.get("latents"), value.get("before")
    if not isinstance(latents, list) or len(latents) != len(frames):
        latents = [None] * len(frames)
    kept = isinstance(before, dict) and isinstance(before.get("frames"), list)
    return {"frames": frames, "latents": latents, "model": model, "before": before if kept else None}


def keys_of(value: Mapping[str, Any], model: Autoencoder) -> NDArray[np.float32]:
    """The key latents of a row, `(k, *latent_shape)`: those of an opened path, and codes of other pictures.

    Args:
        value: as `row_of` returns it, with at least one key frame.
        model: encodes the pictures.

    Raises:
        ImageError: a key frame is not a PNG of the model's size, or there are too many.
        LatentError: a latent has another shape, or values that are not finite numbers.
    """
    m, images = model.manifest, images_of(value, model.manifest)
    keys = []
    for latent, image in zip(value["latents"], images, strict=True):
        if latent is None:
            keys.append(model.encode(image[None]))
        else:
            keys.append(latents_of(latent, prod(m.latent_shape))[:1].reshape(1, *m.latent_shape))
    return np.concatenate(keys)


def images_of(value: Mapping[str, Any] | None, m: Manifest) -> list[NDArray[np.float32]]:
    """The key frames as the model sees them, each float32 `(channels, height, width)` in [0, 1].

    Raises:
        ImageError: there are too many, or one is not a PNG of the model's size.
    """
    frames = (value or {}).get("frames", [])
    if not isinstance(frames, list) or len(frames) > MOST:
        raise ImageError(f"at most {MOST} key frames are taken. Load the page again.")
    return [_unpacked(frame, m) for frame in frames]


def fits(old: Manifest, new: Manifest) -> bool:
    """Whether two models see pictures in the same way: the same size, colours and kind of background."""
    return old.image_shape == new.image_shape and background_kind(old.background) == background_kind(
        new.background
    )


def samples(model: Autoencoder, count: int) -> NDArray[np.float32]:
    """Decoded stored codes, of different classes if there are classes; without codes, random samples.

    For a model of photographs without codes they are parts of scenes that the app draws.

    Returns:
        float32 `(count, channels, height, width)` in [0, 1].
    """
    codes = model.codes
    if has_scene(model):
        m = model.manifest
        scenes = [scene_for(m, seed) for seed in random.sample(range(1000), count)]
        return np.stack([prepare(one, m.image_shape, **m.preparation).image for one in scenes])
    if codes is None:
        return model.sample(count)
    order = random.sample(range(len(codes.latents)), len(codes.latents))
    if codes.labels is not None:
        turn: dict[int, int] = {}  # how often a class has come before
        rank = []
        for index in order:
            label = int(codes.labels[index])
            turn[label] = turn.get(label, -1) + 1
            rank.append(turn[label])
        order = [index for _, index in sorted(zip(rank, order, strict=True), key=lambda pair: pair[0])]
    return model.decode(codes.latents[[order[i % len(order)] for i in range(count)]])


def _unpacked(frame: Any, m: Manifest) -> NDArray[np.float32]:
    picture = from_data_url(frame, "a key frame", max(m.image_shape))
    if picture.size != m.image_shape[:0:-1]:
        raise ImageError(f"a key frame has {picture.size} pixels, which is not what this model sees.")
    image: NDArray[np.float32] = as_batch(picture, m.image_shape)[0]
    return image
