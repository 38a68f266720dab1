"""Numbers formatted for people."""

from __future__ import annotations

import math

__all__ = ["mse_text", "signed"]

_PLACES = 4, 7  # decimal places: at least, and at most before an exponent is used


def mse_text(mse: float) -> str:
    """An MSE with four decimal places, or as many as show two digits: '0.0123', '0.000043', '2.1e-09'."""
    if mse == 0 or not math.isfinite(mse):
        return f"{mse:g}"
    places = max(_PLACES[0], 1 - math.floor(math.log10(mse)))
    return f"{mse:.{places}f}" if places <= _PLACES[1] else f"{mse:.1e}"


def signed(value: float) -> str:
    """A number with two decimal places and a minus sign rather than a hyphen: '0.50', '−0.89', '0.00'."""
    return f"{round(value, 2) + 0:.2f}".replace("-", "−")  # + 0 makes -0.0 positive
