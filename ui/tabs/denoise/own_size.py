"""Denoising photographs at their own size, by a model of any size: as they are, or with noise added first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.metrics import psnr_of_mse
from diabolo.runtime.image.noise import KINDS, add_noise, smallest_level
from diabolo.runtime.image.photo import Photo, photo_mse, photo_noise, photo_ssim
from diabolo.ui.components import slider
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.photos.desk import PhotoDesk, Spoil
from diabolo.ui.photos.work import own_size_photo, processed
from diabolo.ui.tabs.denoise.levels import first_noise, level_slider, noise_at, step, top, within
from diabolo.ui.tabs.denoise.texts import TEXTS
from diabolo.ui.work import stop_if_disconnected

__all__ = ["denoised_photo", "own_size_psnr", "own_size_section"]

NONE = "none"  # the kind of noise that is not added
_PLAIN = 1.5  # of 255: a standard deviation that nobody sees
_STRONG = 12.0  # and one that everybody does


def own_size_section(context: Context) -> None:
    """Lay out this part of the tab, and wire it."""
    desk = PhotoDesk(
        context,
        {language: {"before": say["before"], "after": say["denoised"]} for language, say in TEXTS.items()},
        "denoised",
    )
    controls: list[Any] = []
    desk.layout(lambda: controls.extend(_controls(context)))
    _wire(context, desk, *controls)


def _controls(context: Context) -> tuple[Any, ...]:
    """Whether noise is added and which, how much, and the button for other noise of this kind."""
    m = context.manifest(context.chooser.value)
    kind, level = first_noise(m)
    with gr.Row(elem_classes="photo-noise"):
        noise = gr.Dropdown([NONE, *KINDS], value=kind, label=context.text("denoise", "added"))
        amount = slider(
            smallest_level(kind),
            top(m, kind),
            value=level,
            step=step(kind),
            label=context.text("denoise", "level"),
            info=" ",
        )
        seed = gr.Number(0, precision=0, minimum=0, label=context.text("denoise", "seed"), min_width=90)
        again = gr.Button(context.text("denoise", "again"), size="sm", min_width=110)
    return noise, amount, seed, again


def _wire(
    context: Context,
    desk: PhotoDesk,
    noise: gr.Dropdown,
    amount: gr.Slider,
    seed: gr.Number,
    again: gr.Button,
) -> None:
    def begin(
        model: str, picture: Picture, kind: str, level: float, number: float, request: gr.Request
    ) -> tuple[Any, ...]:
        with shown_errors():
            spoil = None if kind == NONE else _spoiled(context.manifest(model), kind, level, number)
            return desk.begin(model, picture, request, spoil)

    def follow(
        model: str, picture: Picture, kind: str, level: float, before: Any, request: gr.Request
    ) -> tuple[Any, ...]:
        """The controls for another model, or another picture: a visitor's own is denoised as it is."""
        say, m = context.say(TEXTS, request), context.manifest(model)
        given = picture.kind == "upload"
        chosen = before is not None and before[:2] == (model, given)
        if not chosen:
            kind, level = first_noise(m)
            kind = NONE if given else kind
        # what the visitor sets meanwhile stays
        limited = _limited(m, kind, level, say) if before != (model, given, kind) else [gr.skip()] * 4
        return *desk.shown_for(model), *limited, (model, given, kind)

    def next_seed(number: float) -> int:
        return abs(int(number or 0)) + 1

    # the model that the noise was chosen for, whether the picture was an upload, and the kind of noise
    before = gr.State()
    settings = [noise, amount, seed, again]
    picture = [context.chooser, context.picture]
    inputs = [*picture, noise, amount, seed]
    told = _told(context)
    shown = [desk.column, desk.turn, *settings, before]
    refresh(context, follow, [*picture, noise, amount, before], shown, [noise.input])
    desk.follow_up(begin, inputs, told, [amount.input, seed.change])
    again.click(next_seed, seed, seed, **QUIET)


def denoised_photo(
    context: Context, model: str, image: str, kind: str, level: float, seed: float
) -> tuple[Photo, Photo, Photo]:
    """A picture at its own size, the same with noise, and what the model makes of that.

    Args:
        context: the app's context.
        model: the name of a model of any size.
        image: the path of the picture.
        kind, level, seed: of the noise.
    """
    clean = own_size_photo(image)
    noisy = _spoiled(context.manifest(model), kind, level, seed)(clean)
    return clean, noisy, processed(context, model, noisy, lambda *_: stop_if_disconnected())


def own_size_psnr(clean: Photo, other: Photo) -> float:
    """PSNR in dB; infinite if nothing differs."""
    error = photo_mse(clean, other)
    return float(psnr_of_mse(np.array(error))) if error > 0 else math.inf


def _limited(m: Manifest, kind: str, level: float, say: dict[str, str]) -> tuple[Any, ...]:
    """The controls: without noise only its kind is shown."""
    names = [(say["none"], NONE), *((say[name], name) for name in KINDS)]
    named = gr.Dropdown(choices=names, value=kind)
    some = kind != NONE
    amount = level_slider(m, kind, within(m, kind, level), say) if some else gr.Slider(visible=False)
    return named, amount, gr.Number(visible=some), gr.Button(visible=some)


def _spoiled(m: Manifest, kind: str, level: float, seed: float) -> Spoil:
    """Adds noise to a photograph, rounded to its bits as in a file.

    What followed the first kind of noise in the training, such as JPEG, follows it here.
    """
    level = within(m, kind, float(level))
    trained = m.noise_spec
    then = trained.then if trained is not None and trained.kind == kind else None
    spec = replace(noise_at(m, kind, level), then=then)

    def spoil(photo: Photo) -> Photo:
        values = photo.pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(photo.peak)
        noisy = add_noise(values, spec, np.random.default_rng(abs(int(seed or 0))))
        samples = np.rint(np.clip(noisy[0], 0, 1) * photo.peak).astype(photo.pixels.dtype)
        return photo.replaced(np.ascontiguousarray(samples.transpose(1, 2, 0)))

    return spoil


def _told(context: Context) -> Any:
    def told(m: Manifest, seen: Photo, clean: Photo | None, result: Photo, request: gr.Request) -> str:
        say = context.say(TEXTS, request)
        lines = []
        if clean is not None:
            lines += _compared(clean, seen, result, say)
            if m.noise_spec is not None and m.noise_spec.then is not None:
                lines.append(say["trained_spec"].format(spec=m.noise_spec))
        if clean is None or not _is_misleading(seen, clean):
            lines.append(_estimated(m, seen, result, say))
        return "\n\n".join(lines)

    return told


def _is_misleading(seen: Photo, clean: Photo) -> bool:
    """Whether the estimate misses most of the noise that was added, as it does in a poor JPEG."""
    return photo_noise(seen) < math.sqrt(photo_mse(seen, clean)) / 2


def _compared(clean: Photo, seen: Photo, result: Photo, say: dict[str, str]) -> list[str]:
    """The figures of a result whose clean photograph is known."""
    psnr = [own_size_psnr(clean, other) for other in (seen, result)]
    before, after = ("∞" if math.isinf(value) else f"{value:.1f}" for value in psnr)
    ssim = [f"{photo_ssim(clean, other):.3f}" for other in (seen, result)]
    line = say["own_figures"].format(noisy=before, denoised=after, noisy_ssim=ssim[0], ssim=ssim[1])
    return [line, say["worse"]] if psnr[1] < psnr[0] else [line]


def _estimated(m: Manifest, seen: Photo, result: Photo, say: dict[str, str]) -> str:
    """The estimated noise before and after, and what it means."""
    before, after = (255 * photo_noise(photo) for photo in (seen, result))
    if math.isnan(before) or math.isnan(after):
        return say["estimate_small"]
    line = say["estimate"].format(before=f"{before:.1f}", after=f"{after:.1f}")
    if before < _PLAIN:
        return f"{line} {say['estimate_clean']}"
    highest = 255 * m.noise[2] if m.noise is not None and m.noise[0] == "gaussian" else math.inf
    if before > 1.1 * highest:
        return f"{line} {say['estimate_beyond'].format(highest=f'{highest:.0f}')}"
    gone = f"{100 * max(0.0, 1 - after / before):.0f}"
    return f"{line} {say['estimate_strong' if before >= _STRONG else 'estimate_some'].format(gone=gone)}"
