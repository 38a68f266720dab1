"""Arguments that the page *Use via API* shows as examples; a program can send them as they are."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.latent.path import LatentPath
from diabolo.ui.parts.context import Context

__all__ = ["example_latent", "example_path", "example_pictures"]


def example_latent(context: Context) -> list[float]:
    """The mean code of the first model, flat, with three significant digits."""
    mean = context.manifest(next(iter(context.bundles))).latent_mean
    return [float(f"{value:.3g}") for value in np.asarray(mean).ravel()]


def example_path(context: Context) -> dict[str, Any]:
    """A path of the first model, from the mean code to a latent one standard deviation away."""
    m = context.manifest(next(iter(context.bundles)))
    mean, latent = np.asarray(m.latent_mean), np.asarray(example_latent(context), np.float32)
    start = latent.reshape(mean.shape)
    return LatentPath(keys=np.stack([start, start + 1]), steps=8, method="linear").document()


def example_pictures(count: int) -> list[Any]:
    """Gradio's example of a picture, several times."""
    return count * [gr.Image(render=False).example_payload()]
