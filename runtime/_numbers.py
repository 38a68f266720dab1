"""Check numbers that a caller gives: whole numbers of any kind, numpy's included."""

from __future__ import annotations

import operator
import os
from math import prod
from typing import Any

from diabolo.runtime.errors import UsageError

__all__ = ["check_size", "cores", "whole"]

_VALUES = 1 << 31  # of the images that one call returns: 8 GiB


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Check a whole number, and return it as an int.

    Args:
        name: of the argument, for the message.
        value: an int or another integer, such as `np.int64(5)`; not a bool and not a float.
        least: the smallest number that is allowed.
        most: the largest; None if there is no limit.

    Raises:
        UsageError: the value is not a whole number, or out of its range.
    """
    allowed = f"at least {least}" if most is None else f"from {least} to {most:,}"
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:  # also of an array of several numbers
        number = None
    if number is None or number < least or (most is not None and number > most):
        raise UsageError(f"{name} must be a whole number, {allowed}, not {_shown(value)}.")
    return number


def check_size(name: str, count: int, shape: tuple[int, ...]) -> None:
    """Check that one call is not asked for more images than a machine can be expected to hold.

    Args:
        name: of the argument, for the message.
        count: of images.
        shape: of one image.

    Raises:
        UsageError: the images have more than 2^31 values together, which are 8 GiB.
    """
    if count > (most := _VALUES // prod(shape)):
        raise UsageError(
            f"{name} asks for {_shown(count)} images; at most {most:,} of this size are returned at once. "
            "Ask for fewer, several times."
        )


def _shown(value: Any) -> str:
    """The value in a message: the number, or else the type and the beginning of the value."""
    text = str(value) if isinstance(value, int | float) else f"{type(value).__name__} {value!r}"
    return text if len(text) <= 60 else f"{text[:60]} …"
