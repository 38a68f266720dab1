"""Add noise to a picture and let the model remove it; or let it denoise files that are already noisy."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import KINDS, add_noise, smallest_level
from diabolo.ui.components import slider
from diabolo.ui.parts.context import QUIET, Context, picture_of, shown_errors
from diabolo.ui.parts.model_buttons import advice
from diabolo.ui.parts.numbers import record
from diabolo.ui.parts.picture import Look, Picture
from diabolo.ui.parts.picture_input import PictureView, pixels
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.photos.encoded import in_eight_bits
from diabolo.ui.refused import refusal
from diabolo.ui.tabs.denoise.advised import advised
from diabolo.ui.tabs.denoise.before_after import before_after, compared
from diabolo.ui.tabs.denoise.level_curve import WORDS as CURVE_WORDS
from diabolo.ui.tabs.denoise.level_curve import Curve, Now, level_curve, measure
from diabolo.ui.tabs.denoise.levels import first_noise, level_slider, noise_at, step, top, within
from diabolo.ui.tabs.denoise.noisy_files import files_section
from diabolo.ui.tabs.denoise.own_size import denoised_photo, own_size_psnr, own_size_section
from diabolo.ui.tabs.denoise.texts import TEXTS

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Denoise", "zh-TW": "去雜訊"}
ORDER = 20


@dataclass(kw_only=True)
class _Page:
    """The components that add noise to a picture and show what a model of one size makes of it."""

    fixed: gr.Column
    source: PictureView
    pair: gr.HTML
    figures: gr.Markdown
    kind: gr.Dropdown
    level: gr.Slider
    seed: gr.Number
    new_noise: gr.Button
    trained: gr.HTML
    curve: gr.HTML

    @property
    def noise(self) -> list[Any]:
        """What chooses the noise."""
        return [self.kind, self.level, self.seed]

    @property
    def shown(self) -> list[Any]:
        """What shows the result."""
        return [self.pair, self.figures, self.trained, self.curve]


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("denoise", "lead"), elem_classes="lead")
    page = _layout(context)
    own_size_section(context)
    files_section(context)
    _wire(context, page)
    _endpoint(context, page)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("denoise", key)

    m = context.manifest(context.chooser.value)
    first, now = first_noise(m)
    source = PictureView(context)
    with gr.Column(visible=m.any_size is None, elem_classes="reconstructed") as fixed:
        with gr.Row(equal_height=False, elem_classes="pair"):
            source.show(name="denoise-seen")
            with gr.Column(min_width=100):
                pair = before_after("denoise-pair")
                figures = gr.Markdown(elem_classes=["figures", "denoise-figures"])
            with gr.Column(min_width=100, elem_classes="noise-settings"):
                kind = gr.Dropdown(list(KINDS), value=first, label=text("kind"))
                level = slider(
                    smallest_level(first),
                    top(m, first),
                    value=now,
                    step=step(first),
                    label=text("level"),
                    info=" ",
                )
                seed = gr.Number(0, precision=0, minimum=0, label=text("seed"))
                new_noise = gr.Button(text("again"), size="sm", elem_classes="denoise-run")
        trained = advice(context, "denoise-note")
        curve = gr.HTML(elem_classes="denoise-curve")
    return _Page(
        fixed=fixed,
        source=source,
        pair=pair,
        figures=figures,
        kind=kind,
        level=level,
        seed=seed,
        new_noise=new_noise,
        trained=trained,
        curve=curve,
    )


def _wire(context: Context, page: _Page) -> None:
    view = _View(context)

    def follow(
        model: str,
        picture: Picture,
        kind: str,
        level: float,
        seed: float,
        before: Any,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Show the picture; for another model, begin with the noise that it was trained on."""
        say = context.say(TEXTS, request)
        with shown_errors():
            m = context.manifest(model)
            if m.any_size is not None:  # the page has a part of its own for it
                return *[gr.skip()] * 2, gr.Column(visible=False), *[gr.skip()] * (3 + len(page.shown))
            look = context.look(model, picture, request)
            named, limited = gr.skip(), gr.skip()  # what the visitor sets meanwhile stays
            if before is None or before[0] != model:
                kind, level = first_noise(m)
                named = gr.Dropdown(choices=[(say[name], name) for name in KINDS], value=kind)
            if before != (model, kind):
                level = within(m, kind, level)
                limited = level_slider(m, kind, level, say)
            shown = view.show(model, look, kind, level, seed, request)
        told = page.source.told(look, request)
        return *told, gr.Column(visible=True), named, limited, (model, kind), *shown

    def next_seed(seed: float) -> int:
        """A seed that differs from this one."""
        return abs(int(seed or 0)) + 1

    before = gr.State()  # the model that the noise was chosen for, and its kind
    page.source.wire(
        follow,
        [*page.noise, before],
        [page.fixed, page.kind, page.level, before, *page.shown],
        [page.kind.input, page.level.input, page.seed.change],
    )
    page.new_noise.click(next_seed, page.seed, page.seed, **QUIET)


def _endpoint(context: Context, page: _Page) -> None:
    """Publish `/denoise`, for programs."""

    def denoise(
        model: str, image: str | None, kind: str, level: float, seed: float, request: gr.Request
    ) -> tuple[Image.Image, Image.Image, Image.Image, dict[str, float | None]]:
        """Add noise to a picture, then encode and decode the noisy one.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first, unless that takes any size.
            kind: gaussian, salt-pepper, masking, speckle, poisson-gaussian, jpeg or patches.
            level: how much: a standard deviation (gaussian, speckle), a share of the pixels (salt-pepper,
                masking) or patches, the gain (poisson-gaussian) or the quality, 1 to 100 (jpeg).
            seed: the same seed gives the same noise.

        Returns:
            The clean picture as the model sees it, the noisy one, the denoised one; and the PSNR (dB, null if
            nothing differs) of the last two, compared with the clean one: noisy_psnr and denoised_psnr.
        """
        if image is None:
            raise refusal(context.say(SHARED, request)["empty"])
        with shown_errors():
            if context.manifest(model).any_size is not None:
                photos = denoised_photo(context, model, image, kind, level, seed)
                noisier, cleaner = (own_size_psnr(photos[0], other) for other in photos[1:])
                shown = [in_eight_bits(photo) for photo in photos]
                return (
                    shown[0],
                    shown[1],
                    shown[2],
                    _finite({"noisy_psnr": noisier, "denoised_psnr": cleaner}),
                )
            seen = context.see(model, image).image
            clean, noisy, result = _denoised(context, model, seen, kind, level, seed)
            both = {"noisy_psnr": _psnr(clean, noisy), "denoised_psnr": _psnr(clean, result)}
            return picture_of(clean), picture_of(noisy), picture_of(result), _finite(both)

    with gr.Row(visible=False):
        noisy, denoised, measured, run = pixels(None), pixels(None), record("metrics"), gr.Button()
    run.click(
        denoise,
        [context.chooser, page.source.seen, *page.noise],
        [page.source.seen, noisy, denoised, measured],
        **context.endpoint("denoise", "clean", "noisy", "denoised", "metrics"),
    )


class _View:
    """Computes what the page shows; the curves are cached."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._curve = functools.lru_cache(maxsize=64)(self._measure)

    def show(
        self, model: str, look: Look | None, kind: str, level: float, seed: float, request: gr.Request
    ) -> tuple[str, str, str, str]:
        """The two pictures, their figures, what the model was trained on, and the curve."""
        context = self._context
        say, words = context.say(TEXTS, request), context.say(CURVE_WORDS, request)
        m = context.manifest(model)
        level = within(m, kind, float(level))  # the slider may still have another kind's value
        trained = m.noise[1:] if m.noise is not None and m.noise[0] == kind else None
        curve = self._curve(model, str(m.document["digest"]), kind)
        if look is None:
            note = advised(context, model, kind, None, request)
            return "", "", note, level_curve(curve, trained, Now(level=level), words)
        clean, noisy, result = _denoised(context, model, look.image, kind, level, seed)
        now = Now(level=level, noisy=_psnr(clean, noisy), denoised=_psnr(clean, result))
        note = advised(context, model, kind, now, request)
        pair = compared(
            picture_of(noisy),
            picture_of(result),
            (say["noisy"], say["denoised"]),
            ("denoise-noisy", "denoise-result"),
            say["edge"],
        )
        return pair, _figures(clean, noisy, result, say), note, level_curve(curve, trained, now, words)

    def _measure(self, model: str, _digest: str, kind: str) -> Curve:
        """Measured once per model and kind; the digest tells apart models that had the same name."""
        context = self._context
        m = context.manifest(model)
        return measure(context.model(model), noise_at(m, kind, top(m, kind)))


def _denoised(
    context: Context, model: str, seen: NDArray[np.float32], kind: str, level: float, seed: float
) -> tuple[NDArray[np.float32], ...]:
    """A picture as the model sees it, the noisy one and the denoised one: `(channels, height, width)`."""
    clean = seen[None]
    spec = noise_at(context.manifest(model), kind, float(level))
    noisy = add_noise(clean, spec, np.random.default_rng(abs(int(seed or 0))))
    return clean[0], noisy[0], context.model(model).denoise(noisy)[0]


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


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
