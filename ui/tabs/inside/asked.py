"""What sparsity training asked for, next to what came: how active each unit is on average, as a histogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.inline_html import escaped
from diabolo.ui.tabs.inside.units import Units

__all__ = ["activities", "asked_and_came", "histogram", "sparsity_of"]

_BINS = 24
_NEAR = 0.3  # of rho: what `diabolo doctor` still takes for reached


def sparsity_of(m: Manifest) -> float | None:
    """rho, the mean activity that training asked each unit for; None if it asked for none."""
    rho = m.variant_options.get("sparsity")
    return float(rho) if isinstance(rho, int | float) and 0 < rho < 1 else None


def activities(units: Units) -> tuple[str, NDArray[np.float64]] | None:
    """The mean activity of each unit, and the key in `TEXTS` of where it was measured; None if not known.

    It is that of all test images, from model.json, or else of the stored codes of some.
    """
    measured: Any = units.manifest.metrics.get("activity_by_unit")
    if isinstance(measured, list) and len(measured) == units.manifest.latent_mean.size:
        return "came_metrics", np.asarray(measured, np.float64)
    found = units.activity() if units.sigmoid else None
    return None if found is None else ("came_codes", found.astype(np.float64))


def asked_and_came(units: Units, say: Mapping[str, str]) -> str:
    """The comparison as HTML; '' for a model that was not asked to be sparse.

    Args:
        units: the model's units.
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    rho = sparsity_of(units.manifest)
    if rho is None:
        return ""
    head = f"<figcaption><b>{escaped(say['asked'])}</b></figcaption>"
    found = activities(units)
    if found is None:
        words = say["came_unknown"].format(rho=f"{rho:g}")
        return f'<figure class="asked">{head}<p>{escaped(words)}</p></figure>'
    where, values = found
    figures = {
        "rho": f"{rho:g}",
        "mean": f"{values.mean():.3f}",
        "low": f"{values.min():.3f}",
        "high": f"{values.max():.3f}",
        "near": int((np.abs(values - rho) <= _NEAR * rho).sum()),
        "count": len(values),
        "share": f"{100 * _NEAR:.0f}",
    }
    pair = "".join(
        f"<span><b>{value}</b> {escaped(say[key])}</span>"
        for key, value in (("asked_rho", figures["rho"]), ("came_mean", figures["mean"]))
    )
    words = f"{say[where]} {say['came_told'].format(**figures)}"
    return (
        f'<figure class="asked">{head}<p class="rho">{pair}</p>{histogram(values, rho, say)}'
        f'<p class="small-print">{escaped(words)}</p></figure>'
    )


def histogram(values: NDArray[np.float64], rho: float, say: Mapping[str, str]) -> str:
    """How many units have which mean activity, and a line at rho, as SVG with a scale below.

    Args:
        values: `(units,)` in [0, 1].
        rho: the activity that was asked for.
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    low, high = min(float(values.min()), rho), max(float(values.max()), rho)
    span = max(high - low, 0.2 * rho)
    low, high = max(0.0, low - 0.15 * span), min(1.0, high + 0.15 * span)
    counts, edges = np.histogram(values, _BINS, (low, high))
    most = max(int(counts.max()), 1)
    tips = [
        say["bin"].format(count=count, low=f"{start:.3f}", high=f"{end:.3f}")
        for count, start, end in zip(counts.tolist(), edges[:-1], edges[1:], strict=True)
    ]
    bars = "".join(
        f'<rect x="{place + 0.06:.2f}" y="{1 - count / most:.4f}" width=".88" height="{count / most:.4f}">'
        f"<title>{escaped(words)}</title></rect>"
        for place, (count, words) in enumerate(zip(counts.tolist(), tips, strict=True))
    )
    at = (rho - low) / (high - low)
    words = say["histogram"].format(rho=f"{rho:g}", low=f"{values.min():.3f}", high=f"{values.max():.3f}")
    return (
        f'<div class="histogram" style="--rho: {100 * at:.2f}%"><svg viewBox="0 0 {_BINS} 1" '
        f'preserveAspectRatio="none" role="img" aria-label="{escaped(words)}">{bars}</svg><i></i>'
        f'<div class="scale"><span>{low:.3g}</span><b>ρ = {rho:g}</b><span>{high:.3g}</span></div></div>'
    )
