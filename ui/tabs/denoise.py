"""Add noise to a picture and let the model take it away."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from diabolo.runtime import metrics
from diabolo.runtime.manifest import Manifest
from diabolo.runtime.noise import KINDS, NoiseSpec, add_noise
from diabolo.ui.tabs._base import QUIET, Context, picture_of, shown_errors
from diabolo.ui.tabs._picture import PictureInput, pixels
from diabolo.ui.tabs._texts import SHARED, Texts

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Denoise", "zh-TW": "去雜訊"}
ORDER = 20
TEXTS: Texts = {
    "en": {
        "lead": "Noise is added to what the model sees; a model trained for it gives the clean picture back.",
        "kind": "Noise",
        "level": "Level",
        "seed": "Seed",
        "run": "Add noise and denoise",
        "noisy": "Noisy",
        "denoised": "Denoised",
        "trained": "This model was trained to remove {kind} noise of level {level}.",
        "untrained": "This model was not trained on noise: it removes only what does not fit into its code.",
        "figures": "**{noisy:.1f} dB** PSNR noisy  →  **{denoised:.1f} dB** PSNR denoised",
    },
    "zh-TW": {
        "lead": "先把雜訊加到模型看到的影像上；為此訓練過的模型能還原出乾淨的影像。",
        "kind": "雜訊種類",
        "level": "強度",
        "seed": "亂數種子",
        "run": "加入雜訊並去除",
        "noisy": "加了雜訊",
        "denoised": "去雜訊結果",
        "trained": "這個模型訓練時學的是去除 {kind} 雜訊，強度 {level}。",
        "untrained": "這個模型沒有用雜訊訓練過，只能去掉編碼裝不下的部分。",
        "figures": "PSNR：有雜訊 **{noisy:.1f} dB**  →  去雜訊後 **{denoised:.1f} dB**",
    },
}


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
            clean = context.see(model, image).image[None]
            spec = NoiseSpec(kind=kind, low=float(level), high=float(level))
            noisy = add_noise(clean, spec, np.random.default_rng(abs(int(seed or 0))))
            result = context.model(model).denoise(noisy)
            figures = context.say(TEXTS, request)["figures"].format(
                noisy=metrics.psnr(clean, noisy)[0], denoised=metrics.psnr(clean, result)[0]
            )
            return picture_of(clean[0]), picture_of(noisy[0]), picture_of(result[0]), figures

    def defaults(model: str, request: gr.Request) -> tuple[str, float, str, None, None, str]:
        m = context.manifest(model)
        return *_noise(m), _note(m, context.say(TEXTS, request)), None, None, ""

    def note(model: str, request: gr.Request) -> str:
        return _note(context.manifest(model), context.say(TEXTS, request))

    def text(key: str) -> Any:
        return context.text("denoise", key)

    kind_now, level_now = _noise(context.first.manifest)
    noises = [context.manifest(name).noise for name in context.bundles]
    largest = max([1.0, *(noise[2] for noise in noises if noise)])
    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        with gr.Column(min_width=280, scale=2):
            with gr.Row(equal_height=False):
                source.show(height=280)
                noisy = pixels(text("noisy"), height=280, name="denoise-noisy", min_width=200)
                denoised = pixels(text("denoised"), height=280, name="denoise-result", min_width=200)
            figures = gr.Markdown(elem_classes="figures")
            trained = gr.Markdown(elem_classes="note")
            with gr.Row():
                kind = gr.Dropdown(list(KINDS), value=kind_now, label=text("kind"), min_width=140)
                level = gr.Slider(0, largest, value=level_now, step=0.01, label=text("level"), min_width=200)
                seed = gr.Number(0, precision=0, minimum=0, label=text("seed"), min_width=90)
            button = gr.Button(text("run"), variant="primary", elem_classes="denoise-run")
    inputs = [context.chooser, source.seen, kind, level, seed]
    outputs = [source.seen, noisy, denoised, figures]
    button.click(denoise, inputs, outputs, **context.endpoint("denoise"))
    gr.on([kind.input, level.release, seed.submit], denoise, inputs, outputs, **QUIET)
    source.wire(denoise, inputs, outputs)
    context.chooser.change(
        defaults, context.chooser, [kind, level, trained, noisy, denoised, figures], **QUIET
    )
    gr.on(None, note, context.chooser, trained, **QUIET)


def _noise(m: Manifest) -> tuple[str, float]:
    """The kind and the level to begin with: the middle of what the model was trained on."""
    if m.noise is None or m.noise[0] not in KINDS:
        return KINDS[0], 0.3
    kind, low, high = m.noise
    return kind, round((low + high) / 2, 2)


def _note(m: Manifest, say: dict[str, str]) -> str:
    if m.noise is None:
        return say["untrained"]
    kind, low, high = m.noise
    level = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    return say["trained"].format(kind=kind, level=level)
