"""Walk through the latent space from key frame to key frame, and look at what lies between."""

from __future__ import annotations

from typing import Any

import gradio as gr

from diabolo.runtime.latent.interpolation import METHODS
from diabolo.runtime.latent.path import LatentPath
from diabolo.ui.parts.context import LATEST, QUIET, Context, shown_errors
from diabolo.ui.parts.picture_input import PictureInput, pixels
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.interpolate import film, keyframes
from diabolo.ui.tabs.interpolate.endpoints import endpoints, grid_of
from diabolo.ui.tabs.interpolate.texts import TEXTS

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Interpolate", "zh-TW": "內插"}
ORDER = 30


def build(context: Context) -> None:
    """Lay out the tab."""

    def greet(request: gr.Request) -> tuple[Any, Any, str]:
        say = context.say(TEXTS, request)
        choices = gr.Radio(choices=[(say[name], name) for name in METHODS])
        return {"words": say, "greeting": True}, choices, say["about_linear"]

    def add(model: str, row: Any, image: str | None, request: gr.Request) -> tuple[Any, str]:
        say = context.say(TEXTS, request)
        if image is None:
            return gr.skip(), context.say(SHARED, request)["empty"]
        row = keyframes.row_of(row)
        if len(row["frames"]) >= keyframes.MOST:
            return gr.skip(), say["full"]
        with shown_errors():
            frame = keyframes.packed(context.see(model, image).image)
        return _row([*row["frames"], frame], model, say), ""

    def two(model: str, request: gr.Request) -> tuple[Any, str]:
        return fetch(model, 2, request)

    def four(model: str, request: gr.Request) -> tuple[Any, str]:
        return fetch(model, 4, request)

    def fetch(model: str, count: int, request: gr.Request) -> tuple[Any, str]:
        say = context.say(TEXTS, request)
        with shown_errors():
            opened = context.model(model)
            frames = [keyframes.packed(image) for image in keyframes.samples(opened, count)]
        return _row(frames, model, say), say["stored"] if opened.codes else ""

    def fit(model: str, row: Any, request: gr.Request) -> tuple[Any, str]:
        """Keep the key frames where the other model sees the same of them."""
        row = keyframes.row_of(row)
        whose, say = row["model"], context.say(TEXTS, request)
        same = whose in context.bundles and keyframes.fits(context.manifest(whose), context.manifest(model))
        return _row(row["frames"] if same else [], model, say), ""

    def path_of(
        model: str, row: Any, steps: float, method: str, most: int | None = None
    ) -> LatentPath | None:
        """The path through the first key frames; None where those are too few, or not this model's yet."""
        row = keyframes.row_of(row)
        frames = row["frames"][:most]
        if row["model"] != model or len(frames) < (most or 2):
            return None
        opened = context.model(model)
        images = keyframes.images_of({"frames": frames}, opened.manifest)
        return LatentPath.through(opened, images, steps=int(steps), method=method)

    def play(model: str, row: Any, steps: float, method: str, request: gr.Request) -> dict[str, Any]:
        say = context.say(TEXTS, request)
        with shown_errors():
            path = path_of(model, row, steps, method)
            if path is None:
                return {"words": say}
            return film.film_of(context, model, context.model(model), path, say)

    def spread(model: str, row: Any, size: float, method: str) -> tuple[Any, str | None]:
        with shown_errors():
            path = path_of(model, row, size, method, 4)
            if path is None:
                return gr.Column(visible=False), None
            return gr.Column(visible=True), context.keep(grid_of(context.model(model), path), "grid.png")

    def wait() -> None:
        """A picture is added by hand: each stroke of a drawing is a new one."""

    def about(method: str, request: gr.Request) -> str:
        return context.say(TEXTS, request)[f"about_{method}"]

    def text(key: str) -> Any:
        return context.text("interpolate", key)

    model = context.chooser
    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        row = keyframes.keyframes()
        with gr.Column(min_width=170, elem_classes="starters"):
            fetch_two = gr.Button(text("two"), variant="primary", size="sm", elem_classes="interpolate-run")
            fetch_four = gr.Button(text("four"), size="sm", elem_classes="interpolate-four")
    hint = gr.Markdown(elem_classes=["note", "interpolate-hint"])
    with gr.Row(equal_height=False, elem_classes="interpolate-parts"):
        with gr.Column(min_width=300, scale=2):
            with gr.Row(equal_height=False):
                with gr.Column(min_width=260, scale=2):
                    method = gr.Radio(
                        list(METHODS), value="linear", label=text("method"), elem_classes="interpolate-method"
                    )
                    sentence = gr.Markdown(elem_classes=["note", "interpolate-about"])
                steps = gr.Slider(2, 32, value=12, step=1, label=text("steps"), min_width=200)
            player = film.film(context)
            with gr.Column(visible=False, elem_classes="interpolate-grid-part") as grid_part:
                gr.Markdown(text("grid"), elem_classes="lead")
                size = gr.Slider(2, 12, value=8, step=1, label=text("size"))
                grid = pixels(text("between_four"), name="interpolate-grid")
        with gr.Column(min_width=260):
            source = PictureInput(context, text("more"))
            source.show(height=200, name="interpolate-seen")
            add_button = gr.Button(text("add"), elem_classes="interpolate-add")
    endpoints(context, TEXTS)

    playing, spreading = [model, row, steps, method], [model, row, size, method]
    fetch_two.click(two, model, [row, hint], **QUIET)
    fetch_four.click(four, model, [row, hint], **QUIET)
    add_button.click(add, [model, row, source.seen], [row, hint], **QUIET)
    gr.on([row.change, steps.change, method.input], play, playing, player, **LATEST)
    gr.on([row.change, size.change, method.input], spread, spreading, [grid_part, grid], **LATEST)
    method.input(about, method, sentence, **QUIET)
    model.change(fit, [model, row], [row, hint], **QUIET)
    source.wire(wait, [], [])
    gr.on(None, greet, None, [player, method, sentence], **QUIET)


def _row(frames: list[str], model: str, say: dict[str, str]) -> dict[str, Any]:
    words = {key: say[key] for key in ("key", "left", "right", "remove")}
    return {"frames": frames, "model": model, "words": words}
