"""The input that tabs share: draw, upload, paste or fetch one; and what the model sees of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime.image.convert import open_image
from diabolo.runtime.image.mosaic import png
from diabolo.ui.files.incoming import ImageInput, size_of
from diabolo.ui.parts.context import LATEST, QUIET, Context, picture_of, shown_errors, words
from diabolo.ui.parts.sketch import drawing_of, sheet_of, sketch
from diabolo.ui.parts.texts import SHARED

__all__ = ["PictureInput", "pixels"]


def pixels(label: Any, name: str = "", **more: Any) -> gr.Image:
    """A picture in the model's own pixels, enlarged without blur and kept without loss; `name` is a class."""
    image: gr.Image = ImageInput(
        label=label,
        format="png",
        type="filepath",
        image_mode=None,
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_classes=["pixels", name],
        **more,
    )
    return image


def _mark(picture: Image.Image) -> str:
    """By which a picture is known again: a session keeps it in the place of the pixels."""
    return hashlib.sha256(picture.tobytes()).hexdigest()


class PictureInput:
    """Draw, upload, paste or fetch one picture.

    `show` places `seen`, the picture as the model sees it; `wire` comes last and sets all going. `given` is
    what `original` takes, for models that see it otherwise.
    """

    seen: gr.Image
    given: gr.State

    def __init__(self, context: Context, label: Any = None) -> None:
        self._context = context
        text, m = context.text, context.first.manifest
        with gr.Column(elem_classes="picture-input", min_width=260):
            if label is not None:
                gr.Markdown(label, elem_classes="picture-name")
            with gr.Tabs():
                with gr.Tab(text("", "draw")):
                    self._sketch = sketch(m, context.language)
                with gr.Tab(text("", "picture")):
                    self._upload = ImageInput(
                        sources=["upload", "clipboard"],
                        type="filepath",
                        image_mode=None,
                        format="png",
                        show_label=False,
                        buttons=[],
                        elem_classes="upload",
                        height=350,
                    )
            with gr.Row(elem_classes="fetch"):
                self._fetch = gr.Button(text("", "sample"), size="sm", min_width=120)
                self._original = gr.Button(text("", "test_image"), size="sm", min_width=120, visible=False)
            context.originals_buttons.append(self._original)

    def show(self, **more: Any) -> gr.Image:
        """Place the picture as the model sees it, with what was done to it in words."""
        with gr.Column(min_width=200):
            self.seen = pixels(self._context.text("", "seen"), **more)
            self._steps = gr.Markdown(elem_classes="steps")
            self.given = gr.State()
        return self.seen

    @staticmethod
    def original(seen: str, given: Any) -> tuple[Any, bool]:
        """What `seen`, a file, was fitted from, and whether it was drawn; itself where it was fetched."""
        if given is None:
            return seen, False
        mark, size, source, drawn = given
        if not Path(source).exists() or size_of(seen) != size:  # old files are removed
            return seen, False
        return (source, drawn) if mark == _mark(open_image(seen)) else (seen, False)

    def wire(self, run: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
        """Show what the model sees whenever the picture changes, then call `run`."""
        context = self._context
        shown = [self.seen, self._steps]
        told = [*shown, self.given]
        sources = [
            self._sketch.change(  # `input` would come before the value has
                self._see_sketch, [context.chooser, self._sketch], told, **LATEST
            ),
            self._upload.input(self._see_upload, [context.chooser, self._upload], told, **LATEST),
            self._fetch.click(
                context.stored,
                context.chooser,
                shown,
                show_progress="hidden",
                **context.endpoint("stored", "picture", "source"),
            ),
            self._original.click(
                context.test_image,
                context.chooser,
                shown,
                show_progress="minimal",  # the first one reads the data set
                **context.endpoint("test_image", "picture", "source"),
            ),
        ]
        for source in sources:
            source.success(run, inputs, outputs, **LATEST)
        context.chooser.change(self._renew, context.chooser, [self._sketch, self._upload, *shown], **QUIET)

    def _see_sketch(self, name: str, sheet: dict[str, Any] | None, request: gr.Request) -> Any:
        with shown_errors():
            drawn = drawing_of(sheet)
        return self._see_nothing(request) if drawn is None else self._see(name, drawn, request, drawn=True)

    def _see_nothing(self, request: gr.Request) -> tuple[None, str, None]:
        return None, self._context.say(SHARED, request)["empty"], None

    def _see_upload(self, name: str, path: str | None, request: gr.Request) -> tuple[Any, ...]:
        return self._see_nothing(request) if path is None else self._see(name, path, request)

    def _see(self, name: str, source: Any, request: gr.Request, drawn: bool = False) -> tuple[Any, ...]:
        with shown_errors():
            prepared = self._context.see(name, source, drawn)
            seen = picture_of(prepared.image)
            line = words(prepared.steps, self._context.say(SHARED, request))
            kept = source if isinstance(source, str) else self._context.keep(png(source), "drawing.png")
            return seen, line, (_mark(seen), seen.size, kept, drawn)

    def _renew(self, name: str) -> tuple[dict[str, Any], None, None, str]:
        """Empty everything for another model, whose ground may be another."""
        return sheet_of(self._context.manifest(name), self._context.language), None, None, ""
