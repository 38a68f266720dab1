"""Arrays of other libraries, such as torch's tensors, as numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["detached", "is_foreign", "reason"]


def is_foreign(value: Any) -> bool:
    """Whether this is not a numpy array, but can be converted to one (`__array__`), as a tensor can."""
    return hasattr(type(value), "__array__")


def detached(value: Any) -> NDArray[Any]:
    """Convert an array or tensor on the CPU, a number, or nested lists of numbers.

    A tensor is detached from its gradient first. Nothing is copied if that is not necessary.

    Raises:
        RuntimeError: a tensor that cannot be converted; the types differ between libraries.
        TypeError: a tensor on a GPU, or in a type that numpy does not have.
        ValueError: the lists have different lengths.
    """
    if is_foreign(value) and callable(detach := getattr(value, "detach", None)):
        value = detach()
    return np.asarray(value)


def reason(error: Exception) -> str:
    """The first sentence of an error's message, or its type."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:200]
