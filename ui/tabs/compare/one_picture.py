"""One picture and a row for each model: how it reconstructs the picture, how well and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from diabolo.ui.components import choice
from diabolo.ui.parts.context import LATEST, Context, picture_of, shown_errors
from diabolo.ui.parts.inline_html import error_map
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture import Look, Picture
from diabolo.ui.parts.picture_input import PictureView, pixels
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.compare import cards
from diabolo.ui.tabs.compare.compared import alike, chosen_names
from diabolo.ui.tabs.compare.compared import compare as compared
from diabolo.ui.tabs.compare.texts import TEXTS

__all__ = ["build"]


@dataclass(kw_only=True)
class _Page:
    """The components of this part of the tab; `model` is the one for which those to compare were chosen."""

    source: PictureView
    model: gr.State
    models: gr.Dropdown
    rows: gr.HTML


def build(context: Context) -> None:
    """Lay out this part of the tab."""
    page = _layout(context)
    _wire(context, page)
    _endpoint(context)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("compare", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    source = PictureView(context)
    with gr.Row(equal_height=False):
        source.show(height=180, name="compare-seen")
        with gr.Column(min_width=260, scale=3):
            models = choice(
                list(context.bundles),
                value=alike(context, context.chooser.value),
                multiselect=True,
                label=text("models"),
                elem_classes="compare-models",
            )
            gr.Markdown(text("fair"), elem_classes="note")
    rows = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="compare-rows")
    return _Page(source=source, model=gr.State(), models=models, rows=rows)


def _wire(context: Context, page: _Page) -> None:
    def show(model: str, picture: Picture, models: list[str], request: gr.Request) -> str:
        with shown_errors():
            return rows(context.look(model, picture, request), models, request)

    def rows(look: Look | None, models: list[str], request: gr.Request) -> str:
        say = context.say(TEXTS, request)
        if look is None:
            return _hint(context.say(SHARED, request)["empty"])
        if not models:
            return _hint(say["none_chosen"])
        given = look.picture
        hand = given.kind == "drawing", given.treatment
        return cards.page(compared(context, chosen_names(models), given.source, *hand), say)

    def follow(
        model: str,
        picture: Picture,
        models: list[str],
        before: str | None,
        _owned: str,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Show the picture; for another model, begin with the models that are like it."""
        with shown_errors():
            models = alike(context, model) if before != model else chosen_names(models)
            models = [name for name in models if name in context.bundles]  # uploads may have been removed
            look = context.look(model, picture, request)
            told = page.source.told(look, request)
            # the visitor may have uploaded models since the page was opened
            chosen = gr.update(choices=context.bundles.names(), value=models)
            return *told, chosen, model, rows(look, models, request)

    page.source.wire(follow, [page.models, page.model, context.owned], [page.models, page.model, page.rows])
    inputs = [context.chooser, context.picture, page.models]
    page.models.input(show, inputs, page.rows, **LATEST)


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
        compare,
        [models, image],
        [figures, pictures],
        **context.endpoint("compare", "figures", "pictures", models=list(context.bundles)[:2]),
    )


def _hint(words: str) -> str:
    return f'<p class="small-print">{words}</p>'
