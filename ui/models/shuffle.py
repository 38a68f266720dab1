"""Random picks that never repeat the previous one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

__all__ = ["cycle_shuffled"]


def cycle_shuffled(count: int) -> Iterator[int]:
    """Repeat the numbers 0 to `count - 1` for ever, in one random order; `count` is at least 1."""
    return itertools.cycle(random.sample(range(count), count))
