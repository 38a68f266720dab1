"""PSNR by noise level, of noisy and of denoised images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
        "stored": "Lines: the mean over {count} images that the model decoded from stored codes; real images "
        "are harder.",
        "sampled": "Lines: the mean over {count} images that the model generated; real images are harder.",
        "dots": "Dots: this picture.",
        "noisy": "noisy",
        "denoised": "denoised",
        "trained": "trained range",
    },
    "zh-TW": {
        "title": "各雜訊強度的 PSNR（dB）：越高越乾淨。",
        "stored": "曲線：模型由存下的編碼解碼出的 {count} 張影像的平均；真實影像較難。",
        "sampled": "曲線：模型自行生成的 {count} 張影像的平均；真實影像較難。",
        "dots": "圓點：這張影像。",
        "noisy": "有雜訊",
        "denoised": "去雜訊後",
        "trained": "訓練範圍",
    },
}

_IMAGES = 16
_LEVELS = 16
_CLEANEST = 50.0  # dB; the PSNR of equal images is infinite
_APART = 11.0  # percent of the height, at least, between the names of the lines


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Mean PSNR over some images, by noise level.

    Attributes:
        levels: ascending, the first above 0.
        noisy: PSNR in dB at each, at most 50.
        denoised: PSNR in dB at each, at most 50.
        stored: whether the images are decoded from stored codes; else they are sampled.
        count: how many images.
    """

    levels: NDArray[np.float64]
    noisy: NDArray[np.float64]
    denoised: NDArray[np.float64]
    stored: bool
    count: int


@dataclass(frozen=True, kw_only=True)
class Now:
    """The level that is chosen, and the PSNR in dB of the tab's picture at it, if there is a picture."""

    level: float
    noisy: float | None = None
    denoised: float | None = None


def measure(model: Autoencoder, highest: NoiseSpec) -> Curve:
    """The curve of a model for one kind of noise, from levels near 0 to the highest.

    Args:
        model: that removes the noise.
        highest: the noise at its highest level.
    """
    codes = model.codes
    count = max(1, min(_IMAGES, VALUES // (_LEVELS * prod(model.manifest.image_shape))))
    if codes is None:
        images = model.sample(count, seed=0)
    else:
        chosen = np.linspace(0, len(codes.latents) - 1, min(count, len(codes.latents))).astype(int)
        images = model.decode(codes.latents[chosen])
    levels = np.linspace(0, highest.high, _LEVELS + 1)[1:]
    lines: list[tuple[float, float]] = []
    for level in levels:
        stop_if_disconnected()
        spec = replace(highest, low=float(level), high=float(level))
        noisy = add_noise(
            images, spec, np.random.default_rng(0)
        )  # the same random numbers at each level, for a smooth curve
        pair = (metrics.psnr(images, noisy), metrics.psnr(images, model.denoise(noisy)))
        lines.append((_mean(pair[0]), _mean(pair[1])))
    before, after = np.array(lines).T
    return Curve(levels=levels, noisy=before, denoised=after, stored=codes is not None, count=len(images))


def _mean(psnr: NDArray[np.float64]) -> float:
    return float(np.minimum(psnr, _CLEANEST).mean())


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Places in percent of a plot from level 0 to `right` and from 0 dB to `top`."""

    right: float
    top: float

    @classmethod
    def of(cls, curve: Curve, now: Now) -> _Axes:
        best = max(
            float(curve.noisy.max()), float(curve.denoised.max()), now.noisy or 0.0, now.denoised or 0.0
        )
        top = min(10.0 * ceil(min(best, _CLEANEST) / 10), _CLEANEST)
        return cls(right=float(curve.levels[-1]), top=top)

    def x(self, level: float) -> float:
        """From the left."""
        return 100 * min(max(level / self.right, 0.0), 1.0)

    def y(self, psnr: float) -> float:
        """From the top."""
        return 100 - 100 * min(max(psnr / self.top, 0.0), 1.0)

    @property
    def tens(self) -> NDArray[np.float64]:
        """The values in dB that have a line and a number."""
        return np.arange(0, self.top + 1, 10)


def level_curve(curve: Curve, trained: tuple[float, float] | None, now: Now, say: dict[str, str]) -> str:
    """The curve as HTML.

    Args:
        curve: by `measure`.
        trained: the range of levels that the model was trained on; None if it was not trained on this kind.
        now: what is marked.
        say: `WORDS` in one language.
    """
    axes = _Axes.of(curve, now)
    marks = "".join(
        [_trained_range(axes, trained), *_numbers(axes), *_dots(axes, now), *_names(axes, curve, say)]
    )
    key = "" if trained is None else f'<span class="trained-key">{say["trained"]}</span>'
    lines = say["stored" if curve.stored else "sampled"].format(count=curve.count)
    dots = "" if now.noisy is None else f" {say['dots']}"
    return (
        f'<figure class="level-curve"><figcaption><b>{say["title"]}</b> '
        f"<span>{lines}{dots}</span>{key}</figcaption>"
        f'<div class="plot" role="img" aria-label="{say["title"]}">{_lines(axes, curve, now)}{marks}</div>'
        "</figure>"
    )


def _lines(axes: _Axes, curve: Curve, now: Now) -> str:
    def line(name: str, values: Iterable[float]) -> str:
        points = " ".join(
            f"{axes.x(a):.2f},{axes.y(b):.2f}" for a, b in zip(curve.levels, values, strict=True)
        )
        return f'<polyline class="{name}" points="{points}"/>'

    grid = "".join(f"M0 {axes.y(value):.2f}H100" for value in axes.tens)
    return (
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><path d="{grid}"/>'
        f'<path class="now" d="M{axes.x(now.level):.2f} 0V100"/>'
        f"{line('noisy', curve.noisy)}{line('denoised', curve.denoised)}</svg>"
    )


def _trained_range(axes: _Axes, trained: tuple[float, float] | None) -> str:
    if trained is None:
        return ""
    low, high = axes.x(trained[0]), axes.x(trained[1])
    return f'<b class="trained" style="left: {low:.2f}%; width: max(2px, {high - low:.2f}%)"></b>'


def _numbers(axes: _Axes) -> Iterator[str]:
    for value in axes.tens:
        yield f'<i class="y" style="top: {axes.y(value):.2f}%">{value:g}</i>'
    for value in np.linspace(0, axes.right, 6).round(2):
        yield f'<i class="x" style="left: {axes.x(value):.2f}%">{value:g}</i>'


def _dots(axes: _Axes, now: Now) -> Iterator[str]:
    for name, value in (("noisy", now.noisy), ("denoised", now.denoised)):
        if value is not None and np.isfinite(value):
            place = f"left: {axes.x(now.level):.2f}%; top: {axes.y(value):.2f}%"
            yield f'<b class="dot {name}" style="{place}"></b>'


def _names(axes: _Axes, curve: Curve, say: dict[str, str]) -> Iterator[str]:
    ends = _apart(axes.y(float(curve.noisy[-1])), axes.y(float(curve.denoised[-1])))
    for name, end in zip(("noisy", "denoised"), ends, strict=True):
        yield f'<b class="name {name}" style="top: {end:.2f}%">{say[name]}</b>'


def _apart(first: float, second: float) -> tuple[float, float]:
    """Two heights in percent, moved apart until a name fits at each."""
    short = max(0.0, _APART - abs(first - second)) / 2
    return (first - short, second + short) if first <= second else (first + short, second - short)
