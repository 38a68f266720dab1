"""Encode a picture and decode it again: how good is the reconstruction, and how small the code?"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import metrics
from diabolo.ui.parts.context import Context, picture_of, shown_errors
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import signed_map
from diabolo.ui.parts.model_buttons import advice, advice_html
from diabolo.ui.parts.numbers import numbers, record
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.picture_input import PictureView, pixels
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.photos.desk import PhotoDesk
from diabolo.ui.photos.encoded import in_eight_bits
from diabolo.ui.photos.work import own_size_photo, processed
from diabolo.ui.refused import refusal
from diabolo.ui.tabs.reconstruct import code_chart, meaning
from diabolo.ui.tabs.reconstruct.error import FULL, error_legend, photo_error
from diabolo.ui.tabs.reconstruct.own_size import own_size_measures, own_size_section
from diabolo.ui.tabs.reconstruct.texts import TEXTS
from diabolo.ui.work import stop_if_disconnected

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Reconstruct", "zh-TW": "重建"}
ORDER = 10


@dataclass(kw_only=True)
class _Page:
    """The components that show what a model of one size reconstructs."""

    fixed: gr.Column
    source: PictureView
    result: gr.Image
    error: gr.Image
    legend: gr.HTML
    figures: gr.Markdown
    meaning: gr.HTML
    chart: gr.HTML


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("reconstruct", "lead"), elem_classes="lead")
    page = _layout(context)
    desk = own_size_section(context)
    _wire(context, page, desk)
    _endpoints(context, page.source.seen)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("reconstruct", key)

    source = PictureView(context)
    shown = context.manifest(context.chooser.value).any_size is None
    with gr.Column(visible=shown, elem_classes="reconstructed") as fixed:
        with gr.Row(equal_height=False, elem_classes="triple"):
            source.show(name="reconstruct-seen")
            with gr.Column(min_width=100):
                result = pixels(text("result"), name="reconstruct-result")
            with gr.Column(min_width=100):
                error = pixels(text("error"), name="reconstruct-error")
                legend = gr.HTML(elem_classes="reconstruct-legend")
        figures = gr.Markdown(elem_classes=["figures", "reconstruct-figures"])
        meant = advice(context, "reconstruct-meaning")
        chart = gr.HTML(elem_classes="reconstruct-code")
    return _Page(
        fixed=fixed,
        source=source,
        result=result,
        error=error,
        legend=legend,
        figures=figures,
        meaning=meant,
        chart=chart,
    )


def _wire(context: Context, page: _Page, desk: PhotoDesk) -> None:
    def show(model: str, picture: Picture, request: gr.Request) -> tuple[Any, ...]:
        """All that the page shows of a picture, which is encoded once."""
        with shown_errors():
            m = context.manifest(model)
            if m.any_size is not None:  # the page has a part of its own for it
                return *[gr.skip()] * 2, *desk.shown_for(model), gr.Column(visible=False), *[gr.skip()] * 6
            look = context.look(model, picture, request)
            told = *page.source.told(look, request), *desk.shown_for(model), gr.Column(visible=True)
            if look is None:
                return *told, None, "", "", None, "", ""
            say, opened = context.say(TEXTS, request), context.model(model)
            code = opened.encode(look.image[None])
            result = opened.decode(code)[0]
            figures = f"{_figures(look.image, result, say)}\n\n{_compression(m, say)}"
            chart = code_chart.code_chart(m, code[0], context.say(code_chart.WORDS, request))
            error = signed_map(look.image, result, FULL)
            meant = _meaning(context, model, float(metrics.mse(look.image[None], result[None])[0]), request)
            return *told, picture_of(result), figures, meant, error, error_legend(say), chart

    outputs = [
        desk.column,
        desk.turn,
        page.fixed,
        page.result,
        page.figures,
        page.meaning,
        page.error,
        page.legend,
        page.chart,
    ]
    page.source.wire(show, outputs=outputs)


def _endpoints(context: Context, seen: gr.Image) -> None:
    """Publish `/reconstruct` and `/encode`, for programs; `seen` shows the picture as the model sees it."""

    def reconstruct(
        model: str, image: str | None, request: gr.Request
    ) -> tuple[Image.Image, Image.Image, dict[str, float | None], Image.Image]:
        """Encode and decode a picture.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first, unless that takes any size.

        Returns:
            The picture as the model sees it; its reconstruction; mse (images in [0, 1]), psnr (dB, null if
            nothing differs) and ssim; and the error at each pixel: the deeper the colour, the larger the
            error, deepest at 0.5 of 1; red is too dark, green too bright, and white pixels are right.
        """
        if image is None:
            raise refusal(context.say(SHARED, request)["empty"])
        with shown_errors():
            if context.manifest(model).any_size is not None:
                return _at_own_size(context, model, image)
            seen, _, result = _reconstructed(context, model, image)
            measured = _measured(seen, result)
            return picture_of(seen), picture_of(result), measured, signed_map(seen, result, FULL)

    def encode(model: str, image: str | None, request: gr.Request) -> list[float]:
        """Encode a picture.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.

        Returns:
            Its code: as many numbers as the latent has, flat, in the order of the latent's own shape.
        """
        if image is None:
            raise refusal(context.say(SHARED, request)["empty"])
        with shown_errors():
            seen = context.see(model, image).image[None]
            return [float(number) for number in context.model(model).encode(seen).ravel()]

    with gr.Row(visible=False):
        result, measured, error, code = pixels(None), record("metrics"), pixels(None), numbers("code")
        run, run_encode = gr.Button(), gr.Button()
    inputs = [context.chooser, seen]
    run.click(
        reconstruct,
        inputs,
        [seen, result, measured, error],
        **context.endpoint("reconstruct", "seen", "reconstruction", "metrics", "error"),
    )
    run_encode.click(encode, inputs, code, **context.endpoint("encode", "code"))


def _at_own_size(
    context: Context, model: str, image: str
) -> tuple[Image.Image, Image.Image, dict[str, float | None], Image.Image]:
    """What `/reconstruct` returns for a model of any size."""
    seen = own_size_photo(image)
    result = processed(context, model, seen, lambda *_: stop_if_disconnected())
    before, after, error = map(in_eight_bits, (seen, result, photo_error(seen, result)))
    return before, after, own_size_measures(seen, result), error


def _reconstructed(context: Context, model: str, image: str) -> tuple[NDArray[np.float32], ...]:
    """A picture as the model sees it, its code, and the reconstruction, each without the batch dimension."""
    seen = context.see(model, image).image
    opened = context.model(model)
    code = opened.encode(seen[None])
    return seen, code[0], opened.decode(code)[0]


def _measured(seen: NDArray[np.float32], result: NDArray[np.float32]) -> dict[str, float | None]:
    """mse, psnr (dB; None if nothing differs) and ssim."""
    measures = {"mse": metrics.mse, "psnr": metrics.psnr, "ssim": metrics.ssim}
    found = {name: float(measure(seen[None], result[None])[0]) for name, measure in measures.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def _figures(seen: NDArray[np.float32], result: NDArray[np.float32], say: dict[str, str]) -> str:
    found = _measured(seen, result)
    psnr = "∞" if found["psnr"] is None else f"{found['psnr']:.1f}"
    return say["figures"].format(mse=mse_text(found["mse"] or 0.0), psnr=psnr, ssim=found["ssim"])


def _compression(m: Manifest, say: dict[str, str]) -> str:
    image, code = prod(m.image_shape), prod(m.latent_shape)
    words = say["fewer" if code < image else "not_fewer"]
    return words.format(image=f"{image:,}", code=f"{code:,}", ratio=f"{image / code:.3g}")


def _meaning(context: Context, model: str, mse: float, request: gr.Request) -> str:
    models = {name: context.manifest(name) for name in context.bundles.names()}
    lines = meaning.meaning(models, model, mse, context.say(meaning.WORDS, request))
    found = meaning.better(models, model)
    return advice_html(lines, [found] if found else [], context.say(SHARED, request))
