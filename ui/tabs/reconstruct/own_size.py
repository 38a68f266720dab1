"""Reconstructing photographs at their own size, by a model of any size."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.metrics import psnr_of_mse
from diabolo.runtime.image.photo import Photo, photo_mse, photo_ssim
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.texts import Texts
from diabolo.ui.photos.desk import PhotoDesk
from diabolo.ui.tabs.reconstruct.error import FULL, photo_error
from diabolo.ui.tabs.reconstruct.texts import TEXTS

__all__ = ["own_size_measures", "own_size_section"]

WORDS: Texts = {
    "en": {
        "before": "Picture",
        "after": "Reconstruction",
        "figures": "MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "The code has {rows} × {columns} places of {channels} numbers: {share:.3g} for each pixel, "
        "instead of {image}.",
        "not_fewer": "The code has {rows} × {columns} places of {channels} numbers: {share:.3g} numbers for "
        "each pixel, which has {image} itself. It compresses nothing.",
    },
    "zh-TW": {
        "before": "原圖",
        "after": "重建結果",
        "figures": "重建誤差 MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "編碼有 {rows} × {columns} 格，每格 {channels} 個數：每個像素分到 {share:.3g} 個數，"
        "原本是 {image} 個。",
        "not_fewer": "編碼有 {rows} × {columns} 格，每格 {channels} 個數：每個像素分到 {share:.3g} 個數，"
        "而像素本身只有 {image} 個，所以沒有壓縮。",
    },
}


def own_size_section(context: Context) -> PhotoDesk:
    """Lay out this part of the tab, and wire it; the tab updates its `column` and `turn`."""
    desk = PhotoDesk(context, _names(), "reconstructed", photo_error)
    desk.layout()

    def begin(model: str, picture: Picture, request: gr.Request) -> tuple[Any, ...]:
        with shown_errors():
            return desk.begin(model, picture, request)

    def told(m: Manifest, seen: Photo, _clean: Photo | None, result: Photo, request: gr.Request) -> str:
        say, measured = context.say(WORDS, request), own_size_measures(seen, result)
        psnr = "∞" if measured["psnr"] is None else f"{measured['psnr']:.1f}"
        line = say["figures"].format(mse=mse_text(measured["mse"] or 0.0), psnr=psnr, ssim=measured["ssim"])
        return f"{line}\n\n{_numbers(m, seen, say)}"

    desk.follow_up(begin, [context.chooser, context.picture], told)
    return desk


def own_size_measures(seen: Photo, result: Photo) -> dict[str, float | None]:
    """mse, psnr (dB; None if nothing differs) and ssim."""
    error = photo_mse(seen, result)
    psnr = float(psnr_of_mse(np.array(error))) if error > 0 else None
    return {"mse": error, "psnr": psnr, "ssim": photo_ssim(seen, result)}


def _names() -> Texts:
    """The words of the view, with those of the legend to the error."""
    return {
        language: {
            **{key: WORDS[language][key] for key in ("before", "after")},
            **{key: say[key] for key in ("error", "darker", "brighter")},
            "scale": say["scale"].format(full=FULL),
        }
        for language, say in TEXTS.items()
    }


def _numbers(m: Manifest, photo: Photo, say: dict[str, str]) -> str:
    """How many numbers the code of a photograph has."""
    assert m.any_size is not None  # noqa: S101 - for mypy
    stride, channels, image = m.any_size.latent_stride, m.latent_shape[0], m.image_shape[0]
    columns, rows = (-(-side // m.any_size.multiple) * m.any_size.multiple // stride for side in photo.size)
    share = channels / stride**2
    words = say["fewer" if share < image else "not_fewer"]
    return words.format(rows=rows, columns=columns, channels=channels, share=share, image=image)
