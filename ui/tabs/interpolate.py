"""Walk from one picture's code to another's, and look at what lies between."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime import images
from diabolo.runtime import pictures as tiles
from diabolo.runtime.interpolation import METHODS
from diabolo.ui.tabs._base import QUIET, Context, shown_errors
from diabolo.ui.tabs._picture import PictureInput, pixels
from diabolo.ui.tabs._texts import Texts

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Interpolate", "zh-TW": "內插"}
ORDER = 30
TEXTS: Texts = {
    "en": {
        "lead": "Two pictures become two codes; every picture between is decoded from a code on the way.",
        "a": "Picture A",
        "b": "Picture B",
        "steps": "Steps",
        "method": "Way through the latent space",
        "run": "Interpolate",
        "strip": "From A to B",
        "animation": "There and back",
        "both": "Give both pictures first: draw, upload, or fetch a sample for A and for B.",
    },
    "zh-TW": {
        "lead": "兩張影像各成一個編碼；中間的每一張，都由路上的編碼解碼而來。",
        "a": "影像 A",
        "b": "影像 B",
        "steps": "步數",
        "method": "穿過潛在空間的路徑",
        "run": "內插",
        "strip": "從 A 到 B",
        "animation": "來回動畫",
        "both": "請先準備兩張影像：A 與 B 各自手繪、上傳，或取一個樣本。",
    },
}

_LONGEST = 1600  # pixels of the strip
_SIDE = 280  # pixels of the animation


def build(context: Context) -> None:
    """Lay out the tab."""

    def interpolate(
        model: str, a: str | None, b: str | None, steps: float, method: str, request: gr.Request
    ) -> tuple[Image.Image | None, str | None, str]:
        """Decode the codes on the way from one picture to another.

        Args:
            model: the model's name.
            a: a picture of any size, where the way begins.
            b: a picture of any size, where it ends.
            steps: how many pictures, both ends included.
            method: linear, spherical or standardised.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and a hint when a
            picture is missing.
        """
        if a is None or b is None:
            return None, None, context.say(TEXTS, request)["both"]
        with shown_errors():
            ends = [context.see(model, end).image for end in (a, b)]
            path = context.model(model).interpolate(*ends, steps=int(steps), method=method)
            pictures = images.to_pil(path)
            width, height = pictures[0].size
            across = tiles.enlargement((width * len(pictures), height), _LONGEST)
            strip = tiles.tiled(pictures, len(pictures), across)
            loop = tiles.animation(pictures, "GIF", tiles.enlargement((width, height), _SIDE))
            return strip, context.keep(loop, ".gif"), ""

    def forget(_model: str) -> tuple[None, None, str]:
        return None, None, ""

    def text(key: str) -> Any:
        return context.text("interpolate", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260):
            a = PictureInput(context, text("a"))
            a.show(height=260)
        with gr.Column(min_width=260):
            b = PictureInput(context, text("b"))
            b.show(height=260)
        with gr.Column(min_width=280):
            animation = pixels(text("animation"), height=400, name="interpolate-animation")
            steps = gr.Slider(2, 32, value=12, step=1, label=text("steps"))
            method = gr.Radio(list(METHODS), value=next(iter(METHODS)), label=text("method"))
            button = gr.Button(text("run"), variant="primary", elem_classes="interpolate-run")
            hint = gr.Markdown(elem_classes="note")
    strip = pixels(text("strip"), name="interpolate-strip")
    inputs, outputs = [context.chooser, a.seen, b.seen, steps, method], [strip, animation, hint]
    button.click(interpolate, inputs, outputs, **context.endpoint("interpolate"))
    gr.on([steps.release, method.input], interpolate, inputs, outputs, **QUIET)
    for end in (a, b):
        end.wire(interpolate, inputs, outputs)
    context.chooser.change(forget, context.chooser, outputs, **QUIET)
