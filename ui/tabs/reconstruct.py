"""Encode a picture and decode it again: how well does it come back?"""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime import metrics
from diabolo.ui.tabs._base import QUIET, Context, picture_of, shown_errors
from diabolo.ui.tabs._picture import PictureInput, pixels
from diabolo.ui.tabs._texts import SHARED, Texts

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Reconstruct", "zh-TW": "重建"}
ORDER = 10
TEXTS: Texts = {
    "en": {
        "lead": "The encoder squeezes the picture into a code, the decoder restores it from that alone.",
        "run": "Reconstruct",
        "result": "Reconstruction",
        "figures": "MSE **{mse:.4f}**  ·  PSNR **{psnr:.1f}\u00a0dB**",
    },
    "zh-TW": {
        "lead": "編碼器把影像壓縮成編碼，解碼器只憑這串編碼把它還原。",
        "run": "重建",
        "result": "重建結果",
        "figures": "重建誤差 MSE **{mse:.4f}**  ·  PSNR **{psnr:.1f}\u00a0dB**",
    },
}


def build(context: Context) -> None:
    """Lay out the tab."""

    def reconstruct(
        model: str, image: str | None, request: gr.Request
    ) -> tuple[Image.Image | None, Image.Image | None, str]:
        """Encode and decode a picture.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.

        Returns:
            The picture as the model sees it, its reconstruction, and a line with MSE and PSNR.
        """
        if image is None:
            return None, None, context.say(SHARED, request)["empty"]
        with shown_errors():
            seen = context.see(model, image).image[None]
            result = context.model(model).reconstruct(seen)
            figures = context.say(TEXTS, request)["figures"].format(
                mse=metrics.mse(seen, result)[0], psnr=metrics.psnr(seen, result)[0]
            )
            return picture_of(seen[0]), picture_of(result[0]), figures

    def forget(_model: str) -> tuple[None, str]:
        return None, ""

    def text(key: str) -> Any:
        return context.text("reconstruct", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        source.show(height=400, name="reconstruct-seen")
        with gr.Column(min_width=200):
            result = pixels(text("result"), height=400, name="reconstruct-result")
            figures = gr.Markdown(elem_classes=["figures", "reconstruct-figures"])
    button = gr.Button(text("run"), variant="primary", elem_classes="reconstruct-run")
    inputs, outputs = [context.chooser, source.seen], [source.seen, result, figures]
    button.click(reconstruct, inputs, outputs, **context.endpoint("reconstruct"))
    source.wire(reconstruct, inputs, outputs)
    context.chooser.change(forget, context.chooser, [result, figures], **QUIET)
