"""A code as bars: one bar a number, in units by which numbers can be compared, drawn as HTML and SVG."""

from __future__ import annotations

from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.texts import Texts

__all__ = ["WORDS", "code_chart", "in_units"]

WORDS: Texts = {
    "en": {
        "code": "The code: {count} numbers",
        "maps": "{maps} maps of {sides}, one after another",
        "prior": "One bar a number. Training pulled the codes towards a normal distribution: "
        "1 is its standard deviation.",
        "raw": "One bar a number, as it is: this model's codes do not fall below 0.",
        "deviation": "One bar a number: how far it is from its mean over the training images, in its "
        "standard deviations.",
        "cut": "The first {shown} of them are drawn.",
        "range": "{count} numbers between {low:.2f} and {high:.2f}",
    },
    "zh-TW": {
        "code": "編碼：{count} 個數",
        "maps": "{maps} 張 {sides} 的特徵圖，依序排列",
        "prior": "一條長條就是一個數。訓練時編碼被拉向常態分布，刻度 1 是一個標準差。",
        "raw": "一條長條就是一個數，照原值畫：這個模型的編碼不會小於 0。",
        "deviation": "一條長條就是一個數：它離訓練影像的平均有多遠，以標準差為單位。",
        "cut": "只畫出前 {shown} 個。",
        "range": "{count} 個數，介於 {low:.2f} 與 {high:.2f} 之間",
    },
}

_MOST = 1024  # bars
_ROW = 128  # bars in a row, at most: a pixel or more each on a telephone
_USUAL = 4.0  # units up and down that are always shown


def in_units(m: Manifest, code: NDArray[np.float32]) -> tuple[str, NDArray[np.float64], float, float]:
    """A code in units that suit the model.

    Args:
        m: its model.json.
        code: float32 `latent_shape`.

    Returns:
        The key in `WORDS` that says the unit; the numbers, flat; and the lowest and the highest that the
        chart reaches to, the same for all codes but those that go beyond.
    """
    flat = np.asarray(code, np.float64).ravel()
    if m.prior is None and m.latent_minimum.min() >= 0:
        top = max(float(m.latent_maximum.max()), float(flat.max()), 1e-6)
        return "raw", flat, min(0.0, float(flat.min())), top
    key = "prior" if m.prior == "normal" else "deviation"
    if key == "deviation":
        spread = m.latent_std.ravel().astype(np.float64)
        # a number that never changed in training has no unit: it stays at 0
        flat = np.where(spread > 0, flat - m.latent_mean.ravel(), 0) / np.where(spread > 0, spread, 1)
    top = max(_USUAL, ceil(float(np.abs(flat).max())))
    return key, flat, -top, top


def code_chart(m: Manifest, code: NDArray[np.float32], say: dict[str, str]) -> str:
    """The chart.

    Args:
        m: the model's model.json.
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
    about = say["range"].format(count=count, low=float(raw.min()), high=float(raw.max()))
    scale = _scale(low, high)
    drawn = "".join(
        f'<div class="bars" style="height: {height}px">{scale}'
        + _row(row, values, raw, (low, high), across, shape)
        + f"<span>z{row[0]}</span><span>{f'z{row[-1]}' if len(row) > 1 else ''}</span></div>"
        for row in rows
    )
    return (
        f'<figure class="code-chart" role="img" aria-label="{about}"><figcaption>'
        f"<b>{say['code'].format(count=count)}</b> {' '.join(lines)}</figcaption>{drawn}</figure>"
    )


def _across(count: int, group: int) -> int:
    """Bars in a row: whole maps of a spatial code where they fit, and rows of about the same length."""
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
    """As the tab that explores the latent space calls it."""
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
    """One row of bars: an SVG of one unit a bar, stretched to the width there is."""
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
