"""Which grey values a folder's images of more than 8 bits have, and whether they are nearly black."""

from __future__ import annotations

from collections.abc import Collection

from diabolo.runtime.image.resize import Span
from diabolo.train.datasets._decoding.worker import Outcome

__all__ = ["dark", "span_of"]

_DARK = 0.25  # of the range: images whose largest value is below this are nearly black


def span_of(outcomes: Collection[Outcome]) -> Span | None:
    """The smallest and the largest grey value of all images of more than 8 bits; None if there are none."""
    found = [outcome.values for outcome in outcomes if outcome.values]
    if not found:
        return None
    low, high = min(values[0] for values in found), max(values[1] for values in found)
    return low, high if high > low else low + 1


def dark(outcomes: Collection[Outcome], given: str) -> tuple[str, ...]:
    """A note if no image has a value above a quarter of the range, such as 12 bits stored in 16.

    Args:
        outcomes: of the images.
        given: the range that was asked for, as in `Fitting.range`.
    """
    if given != "full":
        return ()
    deep = [outcome.values for outcome in outcomes if outcome.values]
    peak = max((outcome.peak for outcome in outcomes if not outcome.values), default=0)
    if peak > 255 * _DARK or any(values[1] > values[2] * _DARK for values in deep):
        return ()
    if not deep:
        return (f"no image has a value above {peak} of 255: to a network they are all nearly black",)
    low, high = min(values[0] for values in deep), max(values[1] for values in deep)
    top = max(values[2] for values in deep)
    return (
        f"the images' values go from {low:g} to {high:g} of {top:g}: to a network they are all nearly black. "
        "Add --range auto to scale these values to black and white",
    )
