"""One picture and a row for each model: how it reconstructs the picture, how well and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from diabolo.ui.components import choice
from diabolo.ui.parts.context import LATEST, QUIET, Context, picture_of, shown_errors
from diabolo.ui.parts.first_open import on_first_open
from diabolo.ui.parts.inline_html import error_map
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture_input import PictureInput, pixels
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.compare import cards
from diabolo.ui.tabs.compare.compared import alike, chosen_names
from diabolo.ui.tabs.compare.compared import compare as compared
from diabolo.ui.tabs.compare.texts import TEXTS

__all__ = ["build"]


@dataclass(kw_only=True)
class _Page:
    """The components of this part of the tab."""

    source: PictureInput
    seen: gr.Image
    models: gr.Dropdown
    rows: gr.HTML


def build(context: Context) -> gr.Image:
    """Lay out this part of the tab; returns the picture as the chosen model sees it."""
    page = _layout(context)
    _wire(context, page)
    _endpoint(context)
    return page.seen


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("compare", key)

    names = list(context.bundles)
    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        with gr.Column(min_width=260, scale=2):
            models = choice(
                names,
                value=alike(context, names[0]),
                multiselect=True,
                label=text("models"),
                elem_classes="compare-models",
            )
            gr.Markdown(text("fair"), elem_classes="note")
            seen = source.show(height=250, name="compare-seen")
    rows = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="compare-rows")
    return _Page(source=source, seen=seen, models=models, rows=rows)


def _wire(context: Context, page: _Page) -> None:
    def show(models: list[str], picture: str | None, given: Any, request: gr.Request) -> str:
        if picture is None:
            return _hint(context.say(SHARED, request)["empty"])
        with shown_errors():
            say = context.say(TEXTS, request)
            if not models:
                return _hint(say["none_chosen"])
            original = page.source.original(picture, given)
            return cards.page(compared(context, chosen_names(models), *original), say)

    def choose(name: str) -> Any:
        return gr.update(choices=context.bundles.names(), value=alike(context, name))

    def refresh() -> Any:
        """The visitor may have uploaded models since the page was opened."""
        return gr.update(choices=context.bundles.names())

    inputs = [page.models, page.seen, page.source.given]
    page.source.wire(show, inputs, [page.rows])
    page.models.input(show, inputs, page.rows, **LATEST)
    context.chooser.change(choose, context.chooser, page.models, **QUIET).then(
        show, inputs, page.rows, **LATEST
    )
    on_first_open(refresh, None, page.models)


def _endpoint(context: Context) -> None:
    """Publish `/compare`, for programs."""

    def compare(models: Any, image: str | None) -> tuple[list[dict[str, Any]], list[Any]]:
        """Let several models encode and decode one picture, and measure the results.

        Args:
            models: their names: a list, or text separated by commas.
            image: a picture of any size; it is fitted to each model first.

        Returns:
            For each model its name, MSE, PSNR (dB; null if nothing differs), SSIM, how many numbers its
            latent has, the bytes of its two graphs and the milliseconds of encoding and decoding once; and
            for each the picture as it sees it, the reconstruction and the error (full colour: 1).
        """
        with shown_errors():
            rows = compared(context, chosen_names(models), image)
        pictures = []
        for row in rows:
            shown = (picture_of(row.seen), picture_of(row.made), error_map(row.seen, row.made, 1))
            captions = ("seen", "reconstruction", "error")
            pictures += [(one, f"{row.name}: {what}") for one, what in zip(shown, captions, strict=True)]
        return [row.figures() for row in rows], pictures

    with gr.Row(visible=False):
        models, figures, run = numbers("models"), numbers("figures"), gr.Button()
        image = pixels("image")
        pictures = gr.Gallery(label="pictures", format="png", type="pil")
    run.click(
        compare, [models, image], [figures, pictures], **context.endpoint("compare", "figures", "pictures")
    )


def _hint(words: str) -> str:
    return f'<p class="small-print">{words}</p>'
