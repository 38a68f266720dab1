"""The sigmoid at the end of a model, with a gradient that does not vanish during training."""

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
        """The sigmoid of logits of any shape."""
        out = torch.sigmoid(logits)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient of the sigmoid, plus a small share of the incoming gradient."""
        (out,) = ctx.saved_tensors
        passed: Tensor = torch.ops.aten.sigmoid_backward(gradient, out)
        return passed.add_(gradient, alpha=_LEAK)


def leaky_sigmoid(logits: Tensor, *, training: bool) -> Tensor:
    """The sigmoid y of logits, in [0, 1]; in training its gradient is y (1 - y) + 0.001.

    Under a squared error, a sigmoid that saturates at a wrong value stays there, since its gradient vanishes:
    all outputs may turn black in the first steps. With the leak, every logit still moves towards its pixel.
    Where y is neither near 0 nor near 1, the leak is negligible.

    Args:
        logits: of any shape.
        training: whether the gradient has the leak.
    """
    if training and torch.is_grad_enabled():
        out: Tensor = _LeakySigmoid.apply(logits)
        return out
    return torch.sigmoid(logits)
