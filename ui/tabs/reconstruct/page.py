"""Encode a picture and decode it again: how well does it come back, and from how little?"""

from __future__ import annotations

from math import prod
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import metrics
from diabolo.ui.parts.context import QUIET, Context, picture_of, shown_errors
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import signed_map
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture_input import PictureInput, pixels
from diabolo.ui.parts.texts import SHARED, Texts
from diabolo.ui.tabs.reconstruct import code_chart

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Reconstruct", "zh-TW": "重建"}
ORDER = 10
TEXTS: Texts = {
    "en": {
        "lead": "The encoder squeezes the picture into a code, the decoder restores it from that alone.",
        "result": "Reconstruction",
        "error": "Error",
        "figures": "MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "{image} numbers → {code}: {ratio} times fewer.",
        "not_fewer": "{image} numbers → {code}: not fewer. This code has room for the whole picture.",
        "darker": "too dark",
        "brighter": "too bright",
        "scale": "full colour: off by {full} or more, of 1",
    },
    "zh-TW": {
        "lead": "編碼器把影像壓縮成編碼，解碼器只憑這串編碼把它還原。",
        "result": "重建結果",
        "error": "誤差",
        "figures": "重建誤差 MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "{image} 個數 → {code} 個數，濃縮成 {ratio} 分之一。",
        "not_fewer": "{image} 個數 → {code} 個數，並沒有變少：這樣的編碼裝得下整張影像。",
        "darker": "太暗",
        "brighter": "太亮",
        "scale": "顏色最深處：亮度差 {full} 以上（全黑到全白為 1）",
    },
}

_FULL = 0.5  # error that has the full colour, for every picture and model


def build(context: Context) -> None:
    """Lay out the tab."""

    def reconstruct(
        model: str, image: str | None, request: gr.Request
    ) -> tuple[Image.Image | None, Image.Image | None, str, Image.Image | None]:
        """Encode and decode a picture.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.

        Returns:
            The picture as the model sees it; its reconstruction; a line with MSE, PSNR and SSIM; and the
            error at each pixel: the stronger the colour, the further off, full at 0.5 of 1; red is too dark,
            green too bright, what is transparent is right.
        """
        if image is None:
            return None, None, context.say(SHARED, request)["empty"], None
        with shown_errors():
            seen, _, result = _through(model, image)
            return (
                picture_of(seen),
                picture_of(result),
                _figures(seen, result, context.say(TEXTS, request)),
                signed_map(seen, result, _FULL),
            )

    def encode(model: str, image: str | None, request: gr.Request) -> list[float]:
        """Encode a picture.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.

        Returns:
            Its code: as many numbers as the latent has, flat, in the order of its own shape.
        """
        if image is None:
            raise gr.Error(context.say(SHARED, request)["empty"], print_exception=False)
        with shown_errors():
            seen = context.see(model, image).image[None]
            return [float(number) for number in context.model(model).encode(seen).ravel()]

    def show(model: str, image: str | None, request: gr.Request) -> tuple[Any, ...]:
        """All that the page shows of a picture, encoded once."""
        if image is None:
            return None, None, context.say(SHARED, request)["empty"], None, "", ""
        with shown_errors():
            say = context.say(TEXTS, request)
            seen, code, result = _through(model, image)
            m = context.manifest(model)
            figures = f"{_figures(seen, result, say)}\n\n{_compression(m, say)}"
            chart = code_chart.code_chart(m, code, context.say(code_chart.WORDS, request))
            error = signed_map(seen, result, _FULL)
            return picture_of(seen), picture_of(result), figures, error, _legend(say), chart

    def _through(model: str, image: str) -> tuple[NDArray[np.float32], ...]:
        """The picture as the model sees it, its code, and what comes back."""
        seen = context.see(model, image).image
        opened = context.model(model)
        code = opened.encode(seen[None])
        return seen, code[0], opened.decode(code)[0]

    def forget(_model: str) -> tuple[None, str, None, str, str]:
        return None, "", None, "", ""

    def text(key: str) -> Any:
        return context.text("reconstruct", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        with gr.Column(scale=3, min_width=280, elem_classes="reconstructed"):
            with gr.Row(equal_height=False, elem_classes="triple"):
                source.show(name="reconstruct-seen")
                with gr.Column(min_width=100):
                    result = pixels(text("result"), name="reconstruct-result")
                with gr.Column(min_width=100):
                    error = pixels(text("error"), name="reconstruct-error")
                    legend = gr.HTML(elem_classes="reconstruct-legend")
            figures = gr.Markdown(elem_classes=["figures", "reconstruct-figures"])
            chart = gr.HTML(elem_classes="reconstruct-code")
    with gr.Row(visible=False):  # for programs
        made, measured, off, code = pixels(None), gr.Markdown(), pixels(None), numbers("code")
        run, run_encode = gr.Button(), gr.Button()
    inputs = [context.chooser, source.seen]
    run.click(reconstruct, inputs, [source.seen, made, measured, off], **context.endpoint("reconstruct"))
    run_encode.click(encode, inputs, code, **context.endpoint("encode"))
    source.wire(show, inputs, [source.seen, result, figures, error, legend, chart])
    context.chooser.change(forget, context.chooser, [result, figures, error, legend, chart], **QUIET)


def _figures(seen: NDArray[np.float32], result: NDArray[np.float32], say: dict[str, str]) -> str:
    mse, psnr, ssim = (
        float(measure(seen[None], result[None])[0]) for measure in (metrics.mse, metrics.psnr, metrics.ssim)
    )
    return say["figures"].format(mse=mse_text(mse), psnr="∞" if np.isinf(psnr) else f"{psnr:.1f}", ssim=ssim)


def _compression(m: Manifest, say: dict[str, str]) -> str:
    image, code = prod(m.image_shape), prod(m.latent_shape)
    words = say["fewer" if code < image else "not_fewer"]
    return words.format(image=f"{image:,}", code=f"{code:,}", ratio=f"{image / code:.3g}")


def _legend(say: dict[str, str]) -> str:
    return (
        f'<div class="error-legend"><span>{say["darker"]}</span><i></i><span>{say["brighter"]}</span>'
        f"<small>{say['scale'].format(full=_FULL)}</small></div>"
    )
