"""Drag through the latent space, and look at what every point of it decodes to."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime.image import convert, mosaic
from diabolo.ui.explorer import LatentExplorer
from diabolo.ui.explorer.backend import latents_of
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.examples import example_latent
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import Texts

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Explore", "zh-TW": "探索"}
ORDER = 15
TEXTS: Texts = {
    "en": {
        "lead": "Every point of the map decodes to a picture, even in the gaps between the classes; your own "
        "picture is marked at its code.",
    },
    "zh-TW": {
        "lead": "地圖上的每一點都能解碼成影像，類別之間的間隙也不例外；你的影像會標在它的編碼上。",
    },
}

_LONGEST = 1600  # pixels of the strip's longer side


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("explore", "lead"), elem_classes="lead")
    explorer = LatentExplorer(
        context.bundles,
        chosen=context.chooser.value,
        language=context.language,
        elem_classes="explorer",
    )

    def show(model: str, picture: Picture, request: gr.Request) -> dict[str, Any]:
        """Show another model, or the visitor's picture: a model's own example is not theirs."""
        with shown_errors():
            name = context.bundles.check(model)
            look = None if picture.kind == "example" else context.look(name, picture, request)
            return explorer.show_picture(None if look is None else look.image) | {"chosen": name}

    refresh(context, show, [context.chooser, context.picture], [explorer])
    _endpoint(context)


def _endpoint(context: Context) -> None:
    """Publish `/decode` for programs; the page asks the explorer itself."""

    def decode(model: str, latents: Any) -> tuple[Image.Image, list[float] | None]:
        """Decode latents, as the map of the latent space does.

        Args:
            model: the model's name.
            latents: the numbers of one latent, or a list of several; flat or in the latent's own shape.

        Returns:
            The image, or all of them side by side (PNG); and for each latent the share of test codes that
            lie closer to the training codes: above 0.95 the latent is far from the codes. None if the bundle
            does not have the density of the training codes.
        """
        with shown_errors():
            opened = context.model(model)
            space = opened.latent_space
            shaped = latents_of(latents, space.dimensions).reshape(-1, *space.shape)
            pictures = convert.to_pil(opened.decode(shaped))
            width, height = pictures[0].size
            scale = 1 if len(pictures) == 1 else mosaic.enlargement((width * len(pictures), height), _LONGEST)
            ranks = space.rank(shaped)
            return mosaic.tiled(pictures, len(pictures), scale), None if ranks is None else ranks.tolist()

    with gr.Row(visible=False):
        latents, ranks, run = numbers("latents"), numbers("ranks"), gr.Button()
        image = pixels(None)
    run.click(
        decode,
        [context.chooser, latents],
        [image, ranks],
        **context.endpoint("decode", "image", "ranks", latents=example_latent(context)),
    )
