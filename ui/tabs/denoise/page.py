"""Add noise to a picture and let the model take it away; or let it clean files that are noisy already."""

from __future__ import annotations

import functools
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import KINDS, NoiseSpec, add_noise, largest_level
from diabolo.ui.components import slider
from diabolo.ui.parts.context import LATEST, QUIET, Context, picture_of, shown_errors
from diabolo.ui.parts.picture_input import PictureInput, pixels
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.denoise.before_after import before_after, compared
from diabolo.ui.tabs.denoise.level_curve import WORDS as CURVE_WORDS
from diabolo.ui.tabs.denoise.level_curve import Curve, Now, level_curve, measure
from diabolo.ui.tabs.denoise.noisy_files import files_section
from diabolo.ui.tabs.denoise.texts import TEXTS

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Denoise", "zh-TW": "去雜訊"}
ORDER = 20


def build(context: Context) -> None:
    """Lay out the tab."""

    def denoise(
        model: str, image: str | None, kind: str, level: float, seed: float, request: gr.Request
    ) -> tuple[Image.Image | None, Image.Image | None, Image.Image | None, str]:
        """Add noise to a picture, then encode and decode the noisy one.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.
            kind: gaussian, salt-pepper, masking or speckle.
            level: how much: a standard deviation (gaussian, speckle) or a share of the pixels.
            seed: the same seed gives the same noise.

        Returns:
            The clean picture as the model sees it, the noisy one, the denoised one, and a line with
            the PSNR of the last two.
        """
        if image is None:
            return None, None, None, context.say(SHARED, request)["empty"]
        with shown_errors():
            clean, noisy, result = _three(model, image, kind, level, seed)
            figures = _figures(clean, noisy, result, context.say(TEXTS, request))
            return picture_of(clean), picture_of(noisy), picture_of(result), figures

    def show(
        model: str, image: str | None, kind: str, level: float, seed: float, request: gr.Request
    ) -> tuple[str, str, str, str]:
        """What the page shows: the two pictures, their figures, what was trained, and the curve."""
        say, words = context.say(TEXTS, request), context.say(CURVE_WORDS, request)
        with shown_errors():
            m = context.manifest(model)
            level = min(float(level), _top(m, kind))  # the slider may stand where another kind's went
            trained = m.noise[1:] if m.noise is not None and m.noise[0] == kind else None
            curve = curve_of(model, str(m.document["digest"]), kind)
            note = _note(m, kind, say)
            if image is None:
                hint = context.say(SHARED, request)["empty"]
                return "", hint, note, level_curve(curve, trained, Now(level=level), words)
            clean, noisy, result = _three(model, image, kind, level, seed)
            now = Now(level=level, noisy=_psnr(clean, noisy), denoised=_psnr(clean, result))
            pair = compared(
                picture_of(noisy),
                picture_of(result),
                (say["noisy"], say["denoised"]),
                ("denoise-noisy", "denoise-result"),
                say["edge"],
            )
            return pair, _figures(clean, noisy, result, say), note, level_curve(curve, trained, now, words)

    def _three(
        model: str, image: str, kind: str, level: float, seed: float
    ) -> tuple[NDArray[np.float32], ...]:
        """A picture as the model sees it, with noise, and without it again."""
        clean = context.see(model, image).image[None]
        spec = NoiseSpec(kind=kind, low=float(level), high=float(level))
        noisy = add_noise(clean, spec, np.random.default_rng(abs(int(seed or 0))))
        return clean[0], noisy[0], context.model(model).denoise(noisy)[0]

    @functools.lru_cache(maxsize=64)
    def curve_of(model: str, _digest: str, kind: str) -> Curve:
        """Measured once for each model and kind; the digest tells models apart that had the same name."""
        return measure(context.model(model), kind, _top(context.manifest(model), kind))

    def begin(model: str, request: gr.Request) -> tuple[Any, ...]:
        """The kinds in the reader's words, the sliders where the model was trained, and no picture yet."""
        say, m = context.say(TEXTS, request), context.manifest(model)
        kind, level = _noise(m)
        named = gr.Dropdown(choices=[(say[name], name) for name in KINDS], value=kind)
        slider = gr.Slider(value=level, maximum=_top(m, kind), info=_unit(kind, say))
        return named, slider, *show(model, None, kind, level, 0, request)

    def limit(model: str, kind: str, level: float, request: gr.Request) -> Any:
        """The slider for a kind of noise."""
        top = _top(context.manifest(model), kind)
        return gr.Slider(value=min(level, top), maximum=top, info=_unit(kind, context.say(TEXTS, request)))

    def next_seed(seed: float) -> int:
        """Another one."""
        return abs(int(seed or 0)) + 1

    def text(key: str) -> Any:
        return context.text("denoise", key)

    kind_now, level_now = _noise(context.first.manifest)
    top = _top(context.first.manifest, kind_now)
    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        with gr.Column(scale=3, min_width=280, elem_classes="reconstructed"):
            with gr.Row(equal_height=False, elem_classes="pair"):
                source.show()
                with gr.Column(min_width=100):
                    pair = before_after("denoise-pair")
                    figures = gr.Markdown(elem_classes=["figures", "denoise-figures"])
                with gr.Column(min_width=100, elem_classes="noise-settings"):
                    kind = gr.Dropdown(list(KINDS), value=kind_now, label=text("kind"))
                    level = slider(0, top, value=level_now, step=0.01, label=text("level"), info=" ")
                    seed = gr.Number(0, precision=0, minimum=0, label=text("seed"))
                    again = gr.Button(text("again"), size="sm", elem_classes="denoise-run")
            trained = gr.Markdown(elem_classes=["note", "denoise-note"])
            curve = gr.HTML(elem_classes="denoise-curve")
    with gr.Row(visible=False):  # for programs
        noisy, denoised, measured, run = pixels(None), pixels(None), gr.Markdown(), gr.Button()
    files_section(context)
    inputs = [context.chooser, source.seen, kind, level, seed]
    run.click(denoise, inputs, [source.seen, noisy, denoised, measured], **context.endpoint("denoise"))
    outputs = [pair, figures, trained, curve]
    gr.on([level.input, seed.input], show, inputs, outputs, **LATEST)
    kind.input(limit, [context.chooser, kind, level], level, **LATEST).success(
        show, inputs, outputs, **LATEST
    )
    again.click(next_seed, seed, seed, **QUIET).success(show, inputs, outputs, **LATEST)
    source.wire(show, inputs, outputs)
    gr.on(None, begin, context.chooser, [kind, level, *outputs], **QUIET)


def _noise(m: Manifest) -> tuple[str, float]:
    """The kind and the level to begin with: the middle of what the model was trained on."""
    if m.noise is None or m.noise[0] not in KINDS:
        return KINDS[0], 0.3
    kind, low, high = m.noise
    return kind, round((low + high) / 2, 2)


def _top(m: Manifest, kind: str) -> float:
    """The highest level that is offered."""
    return min(largest_level(kind), max(1.0, m.noise[2] if m.noise is not None else 0))


def _unit(kind: str, say: dict[str, str]) -> str:
    return say["deviation" if kind in ("gaussian", "speckle") else "share"]


def _note(m: Manifest, kind: str, say: dict[str, str]) -> str:
    if m.noise is None:
        return say["untrained"]
    trained, low, high = m.noise
    level = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    return say["trained" if trained == kind else "other"].format(
        kind=say.get(trained, as_text(trained)), level=level
    )


def _psnr(clean: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(metrics.psnr(clean[None], other[None])[0])


def _figures(
    clean: NDArray[np.float32],
    noisy: NDArray[np.float32],
    result: NDArray[np.float32],
    say: dict[str, str],
) -> str:
    before, after = (
        "∞" if np.isinf(value) else f"{value:.1f}" for value in (_psnr(clean, noisy), _psnr(clean, result))
    )
    return say["figures"].format(noisy=before, denoised=after)
