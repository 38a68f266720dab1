"""Random picks that never repeat the previous one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.ui.models.cache import cached

__all__ = ["cycle_shuffled", "order_of_codes"]


def cycle_shuffled(count: int) -> Iterator[int]:
    """Repeat the numbers 0 to `count - 1` for ever, in one random order; `count` is at least 1."""
    return itertools.cycle(random.sample(range(count), count))


@cached(64)
def order_of_codes(model: Autoencoder) -> Iterator[int]:
    """The order in which the model's codes are shown, one for all visitors."""
    return cycle_shuffled(0 if model.codes is None else len(model.codes.latents))
