"""Figures as people read them."""

from __future__ import annotations

import math

__all__ = ["mse_text"]

_PLACES = 4, 7  # decimal places, at least and at most


def mse_text(mse: float) -> str:
    """'0.0123', '0.000043', '2.1e-09': four places, more where only they show two digits of it; 0 is '0'."""
    if mse == 0 or not math.isfinite(mse):
        return f"{mse:g}"
    places = max(_PLACES[0], 1 - math.floor(math.log10(mse)))
    return f"{mse:.{places}f}" if places <= _PLACES[1] else f"{mse:.1e}"
