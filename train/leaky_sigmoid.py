"""The sigmoid at a model's end, with a gradient that does not vanish while it trains."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from diabolo.runtime._old_names import old_names

__all__ = ["leaky_sigmoid"]

__getattr__ = old_names(__name__, {"squash": "leaky_sigmoid"})

_LEAK = 1e-3


class _LeakySigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        """To [0, 1]."""
        out = torch.sigmoid(logits)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """What the sigmoid passes on, and a little of what came."""
        (out,) = ctx.saved_tensors
        passed: Tensor = torch.ops.aten.sigmoid_backward(gradient, out)
        return passed.add_(gradient, alpha=_LEAK)


def leaky_sigmoid(logits: Tensor, *, training: bool) -> Tensor:
    """Logits of any shape to [0, 1]; with `training`, the gradient is y (1 - y) + 0.001 instead of y (1 - y).

    Under a squared error, a sigmoid that has run to all black stays there: it is wrong where it cannot move.
    With the leak every logit is still moved towards its pixel, and rests where it is right; where y is
    neither 0 nor 1, the leak is lost beside y (1 - y).
    """
    if training and torch.is_grad_enabled():
        out: Tensor = _LeakySigmoid.apply(logits)
        return out
    return torch.sigmoid(logits)
