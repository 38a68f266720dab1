"""A code as a bar chart in HTML and SVG: one bar per number, in units in which the numbers compare."""

from __future__ import annotations

from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.figures import signed
from diabolo.ui.parts.texts import Texts

__all__ = ["WORDS", "code_chart", "in_units"]

WORDS: Texts = {
    "en": {
        "code": "The code: {count} numbers",
        "maps": "{maps} feature maps of {sides}, one after another",
        "prior": "One bar per number. Training drew the codes towards a standard normal distribution: "
        "1 is its standard deviation.",
        "raw": "One bar per number, drawn as it is: this model's codes are never negative.",
        "deviation": "One bar per number: its distance from its mean over the training images, in standard "
        "deviations.",
        "cut": "Only the first {shown} are drawn.",
        "range": "{count} numbers between {low} and {high}",
    },
    "zh-TW": {
        "code": "編碼：{count} 個數",
        "maps": "{maps} 張 {sides} 的特徵圖，依序排列",
        "prior": "每條長條是一個數。訓練時把編碼拉向標準常態分布，刻度 1 就是一個標準差。",
        "raw": "每條長條是一個數，依原值繪製：這個模型的編碼不會小於 0。",
        "deviation": "每條長條是一個數：它和訓練影像平均值的距離，以標準差為單位。",
        "cut": "只畫出前 {shown} 個。",
        "range": "{count} 個數，介於 {low} 與 {high} 之間",
    },
}

_MOST = 1024  # bars
_ROW = 128  # bars in a row, at most: each has a pixel or more on a phone
_USUAL = 4.0  # units above and below 0 that the chart always spans


def in_units(m: Manifest, code: NDArray[np.float32]) -> tuple[str, NDArray[np.float64], float, float]:
    """A code in units that suit the model.

    Args:
        m: the model's manifest.
        code: float32 `latent_shape`.

    Returns:
        The key in `WORDS` of the unit; the numbers, float64 `(d,)`; and the lowest and the highest value of
        the chart, the same for all codes within them.
    """
    flat = np.asarray(code, np.float64).ravel()
    if m.prior is None and m.latent_minimum.min() >= 0:
        top = max(float(m.latent_maximum.max()), float(flat.max()), 1e-6)
        return "raw", flat, min(0.0, float(flat.min())), top
    key = "prior" if m.prior == "normal" else "deviation"
    if key == "deviation":
        std = m.latent_std.ravel().astype(np.float64)
        # a number that was constant in training has no unit: it is drawn at 0
        flat = np.where(std > 0, flat - m.latent_mean.ravel(), 0) / np.where(std > 0, std, 1)
    top = max(_USUAL, ceil(float(np.abs(flat).max())))
    return key, flat, -top, top


def code_chart(m: Manifest, code: NDArray[np.float32], say: dict[str, str]) -> str:
    """The chart.

    Args:
        m: the model's manifest.
        code: float32 `latent_shape`.
        say: `WORDS` in one language.
    """
    key, values, low, high = in_units(m, code)
    shape = m.latent_shape
    raw, count = np.asarray(code).ravel(), len(values)
    shown = min(count, _MOST)
    across = _across(shown, prod(shape[1:]))
    rows = [range(start, min(start + across, shown)) for start in range(0, shown, across)]
    height = 150 if len(rows) == 1 else 92 if len(rows) == 2 else 60
    lines = [say[key]]
    if len(shape) > 1:
        lines.insert(0, say["maps"].format(maps=shape[0], sides=" × ".join(map(str, shape[1:]))) + ".")
    if shown < count:
        lines.append(say["cut"].format(shown=shown))
    about = say["range"].format(count=count, low=signed(float(raw.min())), high=signed(float(raw.max())))
    scale = _scale(low, high)
    drawn = "".join(
        f'<div class="bars" style="height: {height}px">{scale}'
        + _row(row, values, raw, (low, high), across, shape)
        + f"<span>z{row[0]}</span><span>{f'z{row[-1]}' if len(row) > 1 else ''}</span></div>"
        for row in rows
    )
    return (
        f'<figure class="code-chart"><figcaption><b>{say["code"].format(count=count)}</b> {" ".join(lines)}'
        f'</figcaption><div role="img" aria-label="{about}">{drawn}</div></figure>'
    )


def _across(count: int, group: int) -> int:
    """Bars in a row: whole maps of a spatial code if they fit, and rows of about the same length."""
    if group > _ROW:
        return ceil(group / ceil(group / _ROW))
    rows = ceil(count / (_ROW // group * group))
    return ceil(count / rows / group) * group


def _scale(low: float, high: float) -> str:
    marks = (high, 0.0, low) if low < 0 else (high, 0.0)
    place = "".join(
        f'<i style="top: {100 * (high - mark) / (high - low):.4g}%">{_number(mark)}</i>' for mark in marks
    )
    return f'<div class="scale">{place}</div>'


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _name(index: int, shape: tuple[int, ...]) -> str:
    """The number's name, the same as in the explorer: 'z5', or 'z5 (2, 0, 1)' in a spatial latent."""
    place = ", ".join(str(at) for at in np.unravel_index(index, shape))
    return f"z{index} ({place})" if len(shape) > 1 else f"z{index}"


def _row(
    row: range,
    values: NDArray[np.float64],
    raw: NDArray[np.float32],
    reach: tuple[float, float],
    across: int,
    shape: tuple[int, ...],
) -> str:
    """One row of bars as an SVG of one unit per bar, stretched to the available width."""
    low, high = reach
    ground, group = high / (high - low) * 100, prod(shape[1:])
    parts = []
    for place, index in enumerate(row):
        end = (high - values[index]) / (high - low) * 100
        top, length = min(end, ground), max(abs(end - ground), 0.4)
        unit = "" if values[index] == raw[index] else f" ({_number(values[index])} σ)"
        parts.append(
            f'<rect x="{place + 0.12:.2f}" y="{top:.2f}" width=".76" height="{length:.2f}">'
            f"<title>{_name(index, shape)} = {_number(float(raw[index]))}{unit}</title></rect>"
        )
    bounds = "".join(f"M{x} 0V100" for x in range(group, len(row), group)) if group > 1 else ""
    return (
        f'<svg viewBox="0 0 {across} 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="bound" d="{bounds}"/><path class="ground" d="M0 {ground:.2f}H{across}"/>'
        f"{''.join(parts)}</svg>"
    )
