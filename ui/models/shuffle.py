"""Picks at random that never give the same thing twice in a row."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

__all__ = ["cycle_shuffled"]


def cycle_shuffled(count: int) -> Iterator[int]:
    """0 to count - 1 in random order, again and again in that order; count is at least 1."""
    return itertools.cycle(random.sample(range(count), count))
