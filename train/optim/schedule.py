"""The learning-rate schedule."""

from __future__ import annotations

import math

from diabolo.runtime._old_names import old_names

__all__ = ["learning_rate"]

__getattr__ = old_names(__name__, {"rate": "learning_rate"})

_WARM_UP = 100  # steps; a tenth of all steps in a short run
_LAST = 0.01  # the last learning rate, as a share of the highest


def learning_rate(highest: float, step: int, steps: int) -> float:
    """The learning rate of a step: a short linear warm-up, then a cosine down to a hundredth of `highest`.

    The cosine is from Loshchilov and Hutter, 'SGDR', https://arxiv.org/abs/1608.03983, without restarts.

    Args:
        highest: the learning rate after the warm-up.
        step: from 0.
        steps: of the whole training.
    """
    warm = min(_WARM_UP, max(1, steps // 10))
    if step < warm:
        return highest * (step + 1) / warm
    cosine = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    return highest * (_LAST + (1 - _LAST) * cosine)
