"""The learning rate by step."""

from __future__ import annotations

import math

from diabolo.runtime._old_names import old_names

__all__ = ["learning_rate"]

__getattr__ = old_names(__name__, {"rate": "learning_rate"})

_WARM_UP = 100  # steps of a rising rate; fewer in a short run
_LAST = 0.01  # of the highest rate, at the end


def learning_rate(highest: float, step: int, steps: int) -> float:
    """A short linear warm-up, then half a cosine (Loshchilov and Hutter, https://arxiv.org/abs/1608.03983)."""
    warm = min(_WARM_UP, max(1, steps // 10))
    if step < warm:
        return highest * (step + 1) / warm
    cosine = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    return highest * (_LAST + (1 - _LAST) * cosine)
