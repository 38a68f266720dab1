"""Drag through the latent space, and look at what every point of it decodes to."""

from __future__ import annotations

from math import prod
from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import convert, mosaic
from diabolo.ui.explorer import LatentExplorer
from diabolo.ui.explorer.backend import LARGEST_LATENT, latents_of
from diabolo.ui.explorer.posterior import has_posterior
from diabolo.ui.models.suited import explores
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.examples import example_latent
from diabolo.ui.parts.model_buttons import advice, advice_html
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import SHARED, Texts
from diabolo.ui.tabs.explore.series import add_slider

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Explore", "zh-TW": "探索"}
ORDER = 15
TEXTS: Texts = {
    "en": {
        "lead": "Every point of the map decodes to a picture, even in the gaps between the classes; your own "
        "picture is marked at its code.",
        "too_large": "This model's code is too large to be explored here: {count} numbers for one of its "
        "training images, and at most {most} can be. It keeps the picture rather than what it shows, "
        "so moving about in it would show little.",
    },
    "zh-TW": {
        "lead": "地圖上的每一點都能解碼成影像，類別之間的間隙也不例外；你的影像會標在它的編碼上。",
        "too_large": "這個模型的編碼太大，無法在這裡探索：一張訓練影像就有 {count} 個數，上限是 {most} 個。"
        "它記下的是影像本身，而不是影像的內容，在其中移動也看不出什麼。",
    },
}

_OFFERED = 2  # other models, at most
_LONGEST = 1600  # pixels of the strip's longer side


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("explore", "lead"), elem_classes="lead")
    add_slider(context)
    with gr.Column(visible=_fits(context.manifest(context.chooser.value))) as shown:
        explorer = LatentExplorer(
            context.bundles,
            chosen=context.chooser.value,
            language=context.language,
            elem_classes="explorer",
        )
    note = advice(context, "explore-note")

    def show(model: str, picture: Picture, request: gr.Request) -> tuple[Any, ...]:
        """Show another model, or the visitor's picture. A model's own example is not theirs, and is shown
        only to have a posterior to look at.
        """
        with shown_errors():
            name = context.bundles.check(model)
            if not _fits(context.manifest(name)):
                return gr.skip(), gr.Column(visible=False), _too_large(context, name, request)
            example = picture.kind == "example"
            shown_too = not example or has_posterior(context.manifest(name))
            look = context.look(name, picture, request) if shown_too else None
            marked = explorer.show_picture(None if look is None else look.image, example) | {"chosen": name}
            return marked, gr.Column(visible=True), ""

    refresh(context, show, [context.chooser, context.picture], [explorer, shown, note])
    _endpoint(context)


def _fits(m: Manifest) -> bool:
    """Whether the page can hold a latent, which it sends and draws at each move of the pointer."""
    return prod(m.latent_shape) <= LARGEST_LATENT


def _too_large(context: Context, name: str, request: gr.Request) -> str:
    """Says why there is no map, and which models have one."""
    m, say = context.manifest(name), context.say(TEXTS, request)
    others = [other for other in context.bundles.names() if _fits(context.manifest(other))]
    others.sort(key=lambda other: explores(context.manifest(other)), reverse=True)
    line = say["too_large"].format(count=f"{prod(m.latent_shape):,}", most=f"{LARGEST_LATENT:,}")
    return advice_html([line], others[:_OFFERED], context.say(SHARED, request))


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
