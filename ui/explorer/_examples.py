"""Latents in `gr.Examples`: the image that each decodes to."""

from __future__ import annotations

import base64
import html

import numpy as np

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import convert, mosaic

__all__ = ["example"]

_SIDE = 64  # CSS pixels of the longer side, at least
_NUMBERS = 6  # of the latent in the image's tooltip


def example(model: Autoencoder, latent: list[float]) -> str:
    """The image of a flat latent as an HTML element; its tooltip has the first numbers of the latent."""
    shaped = np.asarray(latent, np.float32).reshape(1, *model.manifest.latent_shape)
    picture = convert.to_pil(model.decode(shaped))[0]
    scale = max(1, -(-_SIDE // max(picture.size)))
    width, height = (side * scale for side in picture.size)
    data = base64.b64encode(mosaic.png(picture)).decode("ascii")
    numbers = ", ".join(f"{number:.2f}" for number in latent[:_NUMBERS])
    title = html.escape(f"({numbers}{', …' if len(latent) > _NUMBERS else ''})")
    return (
        f'<img src="data:image/png;base64,{data}" alt="{title}" title="{title}" width="{width}" '
        f'height="{height}" style="image-rendering: pixelated; margin: 0; border-radius: 4px">'
    )
