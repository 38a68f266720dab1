"""PSNR by the level of the noise: how noisy images are, and how clean the model makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.ui.parts.texts import Texts
from diabolo.ui.work import VALUES, stop_if_disconnected

__all__ = ["WORDS", "Curve", "Now", "level_curve", "measure"]

WORDS: Texts = {
    "en": {
        "title": "PSNR by noise level, in dB: higher is cleaner.",
        "stored": "Lines: the mean over {count} images that the model decodes from stored codes; real ones "
        "are harder.",
        "sampled": "Lines: the mean over {count} images that the model makes up; real ones are harder.",
        "dots": "Dots: this picture.",
        "noisy": "noisy",
        "denoised": "denoised",
        "trained": "trained range",
    },
    "zh-TW": {
        "title": "各雜訊強度的 PSNR（dB）：越高越乾淨。",
        "stored": "曲線：模型由存下的編碼解碼出 {count} 張影像，取其平均；真實影像更難。",
        "sampled": "曲線：模型自己生成 {count} 張影像，取其平均；真實影像更難。",
        "dots": "圓點：這張影像。",
        "noisy": "有雜訊",
        "denoised": "去雜訊後",
        "trained": "訓練範圍",
    },
}

_IMAGES = 16
_LEVELS = 16
_CLEANEST = 50.0  # dB: what is equal has no finite PSNR
_APART = 11.0  # percent of the height between the names of the lines


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The means over some images.

    Attributes:
        levels: ascending, the first above 0.
        noisy: PSNR in dB at each, at most 50.
        denoised: likewise.
        stored: whether the images came from stored codes.
        count: of the images.
    """

    levels: NDArray[np.float64]
    noisy: NDArray[np.float64]
    denoised: NDArray[np.float64]
    stored: bool
    count: int


@dataclass(frozen=True, kw_only=True)
class Now:
    """Where the sliders stand, and the PSNR in dB of the picture in the tab, if there is one."""

    level: float
    noisy: float | None = None
    denoised: float | None = None


def measure(model: Autoencoder, kind: str, top: float) -> Curve:
    """The curve of a model for one kind of noise, from levels near 0 to `top`.

    Raises:
        NoiseError, UnknownNameError: there is no such noise.
    """
    codes = model.codes
    count = max(1, min(_IMAGES, VALUES // (_LEVELS * prod(model.manifest.image_shape))))
    if codes is None:
        images = model.sample(count, seed=0)
    else:
        chosen = np.linspace(0, len(codes.latents) - 1, min(count, len(codes.latents))).astype(int)
        images = model.decode(codes.latents[chosen])
    levels = np.linspace(0, top, _LEVELS + 1)[1:]
    lines: list[tuple[float, float]] = []
    for level in levels:
        stop_if_disconnected()
        spec = NoiseSpec(kind=kind, low=float(level), high=float(level))
        noisy = add_noise(images, spec, np.random.default_rng(0))  # the same chance: a line without jumps
        pair = (metrics.psnr(images, noisy), metrics.psnr(images, model.denoise(noisy)))
        lines.append((_mean(pair[0]), _mean(pair[1])))
    before, after = np.array(lines).T
    return Curve(levels=levels, noisy=before, denoised=after, stored=codes is not None, count=len(images))


def _mean(psnr: NDArray[np.float64]) -> float:
    return float(np.minimum(psnr, _CLEANEST).mean())


def level_curve(curve: Curve, trained: tuple[float, float] | None, now: Now, say: dict[str, str]) -> str:
    """The curve as HTML.

    Args:
        curve: by `measure`.
        trained: the levels that the model was trained on; None where it was not, or on another kind.
        now: what is marked.
        say: `WORDS` in one language.
    """
    right = float(curve.levels[-1])
    best = max(float(curve.noisy.max()), float(curve.denoised.max()), now.noisy or 0.0, now.denoised or 0.0)
    top = min(10.0 * ceil(min(best, _CLEANEST) / 10), _CLEANEST)

    def x(level: float) -> float:
        return 100 * min(max(level / right, 0.0), 1.0)

    def y(psnr: float) -> float:  # from above
        return 100 - 100 * min(max(psnr / top, 0.0), 1.0)

    def line(name: str, values: Iterable[float]) -> str:
        points = " ".join(f"{x(a):.2f},{y(b):.2f}" for a, b in zip(curve.levels, values, strict=True))
        return f'<polyline class="{name}" points="{points}"/>'

    grid = "".join(f"M0 {y(value):.2f}H100" for value in np.arange(0, top + 1, 10))
    svg = (
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><path d="{grid}"/>'
        f'<path class="now" d="M{x(now.level):.2f} 0V100"/>'
        f"{line('noisy', curve.noisy)}{line('denoised', curve.denoised)}</svg>"
    )
    tens = np.arange(0, top + 1, 10)
    marks = [f'<i class="y" style="top: {y(value):.2f}%">{value:g}</i>' for value in tens]
    marks += [f'<i class="x" style="left: {x(v):.2f}%">{v:g}</i>' for v in np.linspace(0, right, 6).round(2)]
    if trained is not None:
        low, high = x(trained[0]), x(trained[1])
        marks.insert(
            0, f'<b class="trained" style="left: {low:.2f}%; width: max(2px, {high - low:.2f}%)"></b>'
        )
    for name, value in (("noisy", now.noisy), ("denoised", now.denoised)):
        if value is not None and np.isfinite(value):
            place = f"left: {x(now.level):.2f}%; top: {y(value):.2f}%"
            marks.append(f'<b class="dot {name}" style="{place}"></b>')
    ends = _apart(y(float(curve.noisy[-1])), y(float(curve.denoised[-1])))
    for name, end in zip(("noisy", "denoised"), ends, strict=True):
        marks.append(f'<b class="name {name}" style="top: {end:.2f}%">{say[name]}</b>')
    key = "" if trained is None else f'<span class="trained-key">{say["trained"]}</span>'
    lines = say["stored" if curve.stored else "sampled"].format(count=curve.count)
    dots = "" if now.noisy is None else f" {say['dots']}"
    return (
        f'<figure class="level-curve"><figcaption><b>{say["title"]}</b> '
        f"<span>{lines}{dots}</span>{key}</figcaption>"
        f'<div class="plot" role="img" aria-label="{say["title"]}">{svg}{"".join(marks)}</div></figure>'
    )


def _apart(first: float, second: float) -> tuple[float, float]:
    """Two heights, moved until names fit beside them."""
    short = max(0.0, _APART - abs(first - second)) / 2
    return (first - short, second + short) if first <= second else (first + short, second - short)
