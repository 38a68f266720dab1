"""Drag through the latent space, and look at what every point of it decodes to."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime.image import convert
from diabolo.runtime.image import mosaic as tiles
from diabolo.ui.explorer import LatentExplorer
from diabolo.ui.explorer._space import space_of
from diabolo.ui.parts.context import LATEST, Context, shown_errors
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.texts import Texts

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Explore", "zh-TW": "探索"}
ORDER = 15
TEXTS: Texts = {
    "en": {
        "lead": "Every point of the latent space decodes to a picture, also those where no code ever lay. "
        "Drag across the gaps between the classes, and compare models.",
    },
    "zh-TW": {
        "lead": "潛在空間裡的每一點都能解碼成影像，連從來沒有編碼落腳的地方也行。"
        "拖著游標穿過類別之間的間隙，再換個模型比比看。",
    },
}

_LONGEST = 1600  # pixels of the strip


def build(context: Context) -> None:
    """Lay out the tab."""

    def decode(model: str, latents: Any) -> tuple[Image.Image, list[float] | None]:
        """Decode latents, as the map of the latent space does.

        Args:
            model: the model's name.
            latents: the numbers of one latent, or a list of several; flat or in the latent's own shape.

        Returns:
            The image, or all of them side by side (PNG); and for each the share of test codes that lie
            closer to the training codes: above 0.99 nothing was learned there. None where the bundle does
            not say how dense the codes lie.
        """
        with shown_errors():
            opened = context.model(model)
            flat = space_of(opened).latents(latents)
            shaped = flat.reshape(-1, *opened.manifest.latent_shape)
            pictures = convert.to_pil(opened.decode(shaped))
            width, height = pictures[0].size
            scale = 1 if len(pictures) == 1 else tiles.enlargement((width * len(pictures), height), _LONGEST)
            ranks = opened.latent_space.rank(shaped)
            return tiles.tiled(pictures, len(pictures), scale), None if ranks is None else ranks.tolist()

    gr.Markdown(context.text("explore", "lead"), elem_classes="lead")

    explorer = LatentExplorer(
        context.bundles,
        chosen=context.chooser.value,
        language=context.language,
        elem_classes="explorer",
    )

    def choose(model: str) -> dict[str, Any]:
        with shown_errors():
            return gr.update(chosen=context.bundles.check(model))

    context.chooser.change(
        choose,
        context.chooser,
        explorer,
        **LATEST,
    )

    with gr.Row(visible=False):  # for programs: the page asks its own component
        latents, ranks, run = numbers("latents"), numbers("ranks"), gr.Button()
        image = pixels(None)
    run.click(decode, [context.chooser, latents], [image, ranks], **context.endpoint("decode"))
