"""Charts of a model's units: sorted bars as SVG, and the classes for which each unit fires."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.ui.parts.inline_html import escaped, picture
from diabolo.ui.tabs.inside.asked import asked_and_came
from diabolo.ui.tabs.inside.units import Units

__all__ = ["colour_of", "page"]

_ACCENTS = (  # the explorer's colours
    *("4c84d9", "f0862e", "2fa36b", "dc4b4b", "8f6bd1"),
    *("a9773f", "e37ab5", "7d8a97", "b5a912", "22aebb"),
)
_BARS = 1024  # at most; of more units, evenly spaced ones in sorted order


def colour_of(label: int) -> tuple[int, int, int]:
    """A class's colour, the same as in the explorer: red, green, blue, 0 to 255."""
    if label < len(_ACCENTS):
        return tuple(bytes.fromhex(_ACCENTS[label]))  # type: ignore[return-value]
    mixed = colorsys.hls_to_rgb(round(label * 137.5) % 360 / 360, 0.55, 0.6)
    red, green, blue = (round(255 * part) for part in mixed)
    return red, green, blue


def page(units: Units, labels: NDArray[np.int64] | None, say: Mapping[str, str]) -> str:
    """The charts of a model's units as HTML.

    Args:
        units: the model's units.
        labels: int64 `(n,)`, the classes of the stored codes; None if there are none.
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    m, activity, fired = units.manifest, units.activity(), units.fired()
    unit = (
        say["unit_channel"].format(count=len(units), positions=units.positions)
        if units.positions > 1
        else say["unit_number"].format(count=len(units))
    )
    asked = asked_and_came(units, say)
    if activity is None or fired is None or units.values is None:
        return f'<div class="unit-charts"><p>{escaped(say["no_codes"])} {escaped(unit)}</p>{asked}</div>'
    share = float(fired.mean())
    words = escaped(say["share"].format(count=len(units)))
    parts = [
        f'<p class="share"><b>{_percent(share)}</b> <span>{words}</span></p>',
        f'<div class="meter"><i style="width: {100 * share:.2f}%"></i></div>',
        f'<p class="small-print">{escaped(unit)} {escaped(say["fires"])}</p>',
        asked,
        _figure(say["mean_sigmoid" if units.sigmoid else "mean_other"], bars(activity, say)),
        _figure(say["images"].format(count=len(units.values)), bars(fired, say)),
    ]
    if labels is not None and m.classes:
        parts.append(_classes(units, units.values, labels, m.classes, say))
    return f'<div class="unit-charts">{"".join(parts)}</div>'


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or not share else f"{100 * share:.1f} %"


def _figure(words: str, chart: str) -> str:
    return f"<figure><figcaption>{escaped(words)}</figcaption>{chart}</figure>"


def bars(values: NDArray[np.floating], say: Mapping[str, str]) -> str:
    """A bar for each unit, the highest first.

    Args:
        values: `(units,)` in [0, 1].
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    order = np.argsort(-values, kind="stable")
    if len(order) > _BARS:
        order = order[np.linspace(0, len(order) - 1, _BARS).astype(int)]
    rects = ""
    gap = 0.18 if len(order) <= 300 else 0
    for place, unit in enumerate(order.tolist()):
        value = float(values[unit])
        tip = escaped(say["tip"].format(unit=unit, value=f"{value:.2f}"))
        rects += (
            f'<rect x="{place + gap / 2:.2f}" y="{1 - value:.4f}" width="{1 - gap:.2f}" height="{value:.4f}">'
            f"<title>{tip}</title></rect>"
        )
    words = say["bars"].format(
        most=f"{values.max():.2f}", least=f"{values.min():.2f}", mean=f"{values.mean():.2f}"
    )
    return (
        f'<div class="unit-bars"><span>1</span><svg viewBox="0 0 {len(order)} 1" preserveAspectRatio="none" '
        f'role="img" aria-label="{escaped(words)}">{rects}</svg><span>0</span></div>'
    )


def _classes(
    units: Units,
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    names: tuple[str, ...],
    say: Mapping[str, str],
) -> str:
    """A row for each class, a column for each unit: the stronger the colour, the more images it fires for."""
    fire = units.fire(values)
    there = [label for label in range(len(names)) if (labels == label).any()]
    share = np.stack([fire[labels == label].mean(0) for label in there])
    order = np.lexsort((-share.max(0), share.argmax(0)))  # grouped by the class that a unit fires for most
    rows = ""
    for label, row in zip(there, share, strict=True):
        pixels = np.empty((1, len(units), 4), np.uint8)
        pixels[..., :3], pixels[..., 3] = colour_of(label), np.rint(255 * np.sqrt(row[order]))
        dot = f'<i style="background: rgb{colour_of(label)}"></i>'
        rows += f"<span>{dot}{escaped(names[label])}</span>{picture(Image.fromarray(pixels))}"
    return _figure(say["classes"], f'<div class="class-rows">{rows}</div>')
