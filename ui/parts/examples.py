"""Arguments that the page *Use via API* shows as examples; a program can send them as they are."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.latent.path import LatentPath
from diabolo.ui.parts.context import Context

__all__ = ["example_latent", "example_path", "example_pictures"]


def example_latent(context: Context) -> list[float]:
    """The mean code of the model that is chosen at first, flat, with three significant digits."""
    mean = context.manifest(context.chooser.value).latent_mean
    return [float(f"{value:.3g}") for value in np.asarray(mean).ravel()]


def example_path(context: Context) -> dict[str, Any]:
    """A path of the same model, from about the mean code to a latent in which every value is larger by 1."""
    shape, start = context.manifest(context.chooser.value).latent_shape, example_latent(context)
    keys = [start, [round(value + 1, 4) for value in start]]
    path = LatentPath(keys=np.reshape(np.array(keys, np.float32), (2, *shape)), steps=8, method="linear")
    return path.document() | {"keys": keys}  # as they are here, not with all digits of a float32


def example_pictures(count: int) -> list[Any]:
    """Gradio's example of a picture, several times."""
    return count * [gr.Image(render=False).example_payload()]
