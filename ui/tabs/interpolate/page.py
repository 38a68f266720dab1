"""Interpolate in the latent space from key frame to key frame, and play the decoded path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from diabolo.runtime.latent.interpolation import METHODS
from diabolo.runtime.latent.path import LatentPath
from diabolo.ui.files.incoming import UploadInput
from diabolo.ui.parts.context import LATEST, QUIET, Context, shown_errors
from diabolo.ui.parts.marks import TEXTS as MARKS
from diabolo.ui.parts.picture_input import PictureView, pixels
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.interpolate import film, keyframes
from diabolo.ui.tabs.interpolate.endpoints import endpoints, grid_of
from diabolo.ui.tabs.interpolate.opening import STEPS, notes, path_of
from diabolo.ui.tabs.interpolate.texts import TEXTS

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Interpolate", "zh-TW": "內插"}
ORDER = 30

_EMPTY: dict[str, Any] = {"frames": [], "latents": [], "model": ""}  # a row that nothing comes back to


@dataclass(kw_only=True)
class _Page:
    """The components of the tab, from top to bottom."""

    row: gr.HTML
    two: gr.Button
    four: gr.Button
    undo: gr.Button
    file: gr.UploadButton
    hint: gr.Markdown
    method: gr.Radio
    about: gr.Markdown
    steps: gr.Slider
    player: gr.HTML
    grid_part: gr.Column
    size: gr.Slider
    grid: gr.Image
    source: PictureView
    add: gr.Button


def build(context: Context) -> None:
    """Lay out the tab."""
    page = _layout(context)
    _wire_key_frames(context, page)
    _wire_undo_and_files(context, page)
    _wire_path(context, page)
    endpoints(context, TEXTS)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("interpolate", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        row = keyframes.keyframes()
        with gr.Column(min_width=170, elem_classes="starters"):
            two = gr.Button(text("two"), variant="primary", size="sm", elem_classes="interpolate-run")
            four = gr.Button(text("four"), size="sm", elem_classes="interpolate-four")
            file = UploadInput(text("open"), file_types=[".json"], size="sm", elem_classes="interpolate-open")
            undo = gr.Button(text("undo"), size="sm", interactive=False, elem_classes="interpolate-undo")
    hint = gr.Markdown(elem_classes=["note", "interpolate-hint"])
    with gr.Row(equal_height=False, elem_classes="interpolate-parts"):
        with gr.Column(min_width=300, scale=2):
            with gr.Row(equal_height=False):
                with gr.Column(min_width=260, scale=2):
                    method = gr.Radio(
                        list(METHODS), value="linear", label=text("method"), elem_classes="interpolate-method"
                    )
                    about = gr.Markdown(elem_classes=["note", "interpolate-about"])
                steps = gr.Slider(2, STEPS, value=12, step=1, label=text("steps"), min_width=200)
            player = film.film(context)
            with gr.Column(visible=False, elem_classes="interpolate-grid-part") as grid_part:
                gr.Markdown(text("grid"), elem_classes="lead")
                size = gr.Slider(2, 12, value=8, step=1, label=text("size"))
                grid = pixels(text("between_four"), name="interpolate-grid")
        with gr.Column(min_width=260):
            gr.Markdown(text("more"), elem_classes="picture-name")
            source = PictureView(context)
            source.show(height=200, name="interpolate-seen")
            add = gr.Button(text("add"), elem_classes="interpolate-add")
    return _Page(
        row=row,
        two=two,
        four=four,
        undo=undo,
        file=file,
        hint=hint,
        method=method,
        about=about,
        steps=steps,
        player=player,
        grid_part=grid_part,
        size=size,
        grid=grid,
        source=source,
        add=add,
    )


def _wire_key_frames(context: Context, page: _Page) -> None:
    """Key frames are fetched, added and kept."""

    def add(model: str, row: Any, image: str | None, request: gr.Request) -> tuple[Any, str]:
        say = context.say(TEXTS, request)
        if image is None:
            return gr.skip(), context.say(SHARED, request)["empty"]
        row = keyframes.row_of(row)
        if len(row["frames"]) >= keyframes.MOST:
            return gr.skip(), say["full"]
        with shown_errors():
            frame = keyframes.packed(context.see(model, image).image)
        return _row([*row["frames"], frame], model, say, [*row["latents"], None], row), ""

    def two(model: str, row: Any, request: gr.Request) -> tuple[Any, str]:
        return fetch(model, 2, row, request)

    def four(model: str, row: Any, request: gr.Request) -> tuple[Any, str]:
        return fetch(model, 4, row, request)

    def fetch(model: str, count: int, row: Any, request: gr.Request) -> tuple[Any, str]:
        say = context.say(TEXTS, request)
        with shown_errors():
            opened = context.model(model)
            frames = [keyframes.packed(image) for image in keyframes.samples(opened, count)]
        return _row(frames, model, say, before=keyframes.row_of(row)), say["stored"] if opened.codes else ""

    def fit(model: str, row: Any, request: gr.Request) -> tuple[Any, str]:
        """Keep the key frames if the newly chosen model sees pictures as the one before did.

        Else, and when the tab opens, there are two samples: no tab opens on empty boxes.
        """
        row = keyframes.row_of(row)
        before, say = row["model"], context.say(TEXTS, request)
        if before == model:
            return gr.skip(), gr.skip()
        if before in context.bundles and keyframes.fits(context.manifest(before), context.manifest(model)):
            return _row(row["frames"], model, say), ""
        return fetch(model, 2, _EMPTY, request)

    model, outputs = context.chooser, [page.row, page.hint]
    page.two.click(two, [model, page.row], outputs, **QUIET)
    page.four.click(four, [model, page.row], outputs, **QUIET)
    page.add.click(add, [model, page.row, page.source.seen], outputs, **QUIET)
    refresh(context, fit, [model, page.row], outputs)
    page.source.wire()


def _wire_undo_and_files(context: Context, page: _Page) -> None:
    """Changes of the key frames can be taken back, and path files opened."""

    def undo(model: str, row: Any, request: gr.Request) -> tuple[Any, str]:
        """Bring back what the row was before the last change; once more takes that back."""
        row, say = keyframes.row_of(row), context.say(TEXTS, request)
        before = keyframes.row_of({**(row["before"] or {}), "model": model}) if row["before"] else row
        return _row(before["frames"], model, say, before["latents"], row), ""

    def may_undo(row: Any) -> Any:
        return gr.update(interactive=bool(keyframes.row_of(row)["before"]))

    def open_path(model: str, row: Any, file: str | None, request: gr.Request) -> tuple[Any, ...]:
        say = context.say(TEXTS, request)
        if file is None:
            return gr.skip(), "", gr.skip(), gr.skip(), gr.skip(), None
        with shown_errors():
            opened = context.model(model)
            path = path_of(file, opened)
            frames = [keyframes.packed(image) for image in opened.decode(path.keys)]
            latents = path.keys.reshape(len(path.keys), -1).tolist()
            shown = _row(frames, model, say, latents, keyframes.row_of(row))
            about = say[f"about_{path.method}"]
            return shown, notes(path, opened, say), min(path.steps, STEPS), path.method, about, None

    model, outputs = context.chooser, [page.row, page.hint]
    page.undo.click(undo, [model, page.row], outputs, **QUIET)
    page.row.change(may_undo, page.row, page.undo, **LATEST)
    opened_path = [*outputs, page.steps, page.method, page.about, page.file]
    page.file.upload(open_path, [model, page.row, page.file], opened_path, **QUIET)


def _wire_path(context: Context, page: _Page) -> None:
    """The path through the key frames is played, and the first four make a grid."""

    def greet(request: gr.Request) -> tuple[Any, Any, str]:
        say = context.say(TEXTS, request)
        choices = gr.Radio(choices=[(say[name], name) for name in METHODS])
        return {"words": _words(context, request), "greeting": True}, choices, say["about_linear"]

    def about(method: str, request: gr.Request) -> str:
        return context.say(TEXTS, request)[f"about_{method}"]

    def play(model: str, row: Any, steps: float, method: str, request: gr.Request) -> dict[str, Any]:
        say = _words(context, request)
        with shown_errors():
            path = _path(context, model, row, steps, method)
            if path is None:
                return {"words": say}
            return film.film_of(context, model, context.model(model), path, say)

    def draw_grid(model: str, row: Any, size: float, method: str) -> tuple[Any, str | None]:
        with shown_errors():
            path = _path(context, model, row, size, method, 4)
            if path is None:
                return gr.Column(visible=False), None
            return gr.Column(visible=True), context.keep(grid_of(context.model(model), path), "grid.png")

    row, method = page.row, page.method
    gr.on(
        [row.change, page.steps.change, method.input],
        play,
        [context.chooser, row, page.steps, method],
        page.player,
        **LATEST,
    )
    gr.on(
        [row.change, page.size.change, method.input],
        draw_grid,
        [context.chooser, row, page.size, method],
        [page.grid_part, page.grid],
        **LATEST,
    )
    method.input(about, method, page.about, **QUIET)
    gr.on(None, greet, None, [page.player, method, page.about], **QUIET)


def _words(context: Context, request: gr.Request) -> dict[str, str]:
    """The texts of the player."""
    return context.say(TEXTS, request) | context.say(MARKS, request)


def _path(
    context: Context, model: str, row: Any, steps: float, method: str, most: int | None = None
) -> LatentPath | None:
    """The path through the first `most` key frames; None if there are too few, or none of this model yet."""
    row = keyframes.row_of(row)
    chosen = {key: row[key][:most] for key in ("frames", "latents")}
    if row["model"] != model or len(chosen["frames"]) < (most or 2):
        return None
    opened = context.model(model)
    m, keys = opened.manifest, keyframes.keys_of(chosen, opened)
    return LatentPath(keys=keys, steps=int(steps), method=method, model=m.name, digest=m.document["digest"])


def _row(
    frames: list[str],
    model: str,
    say: dict[str, str],
    latents: list[Any] | None = None,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The value of the row of key frames; `before` is the row that it replaces, if that can come back."""
    kept = {key: before[key] for key in ("frames", "latents")} if before and before["frames"] else None
    return {
        "frames": frames,
        "latents": [None] * len(frames) if latents is None else latents,
        "model": model,
        "before": kept,
        "words": {key: say[key] for key in ("key", "left", "right", "remove")},
    }
