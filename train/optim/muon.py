"""Muon: SGD with momentum whose updates are orthogonalised, for weight matrices; Adam for all other weights.

Jordan et al., 'Muon: An optimizer for hidden layers in neural networks', https://kellerjordan.github.io/posts/muon/:
the update of a weight matrix is the momentum with its singular values brought close to one, by a few
Newton-Schulz iterations. The weight of a convolution is taken as a matrix (outputs, inputs x height x width).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["Muon"]

_STEPS = 5  # Newton-Schulz iterations
_COEFFICIENTS = 3.4445, -4.7750, 2.0315  # of their polynomial, from the article above
_MOMENTUM = 0.95
_BETAS = 0.9, 0.999  # Adam's
_EPSILON = 1e-8
_VECTORS = 0.1  # Adam's learning rate, as a share of Muon's


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay; tensors of fewer than two dimensions get Adam.

    Args:
        params: parameters or groups of them.
        lr: the learning rate of matrices; vectors get a tenth of it.
        weight_decay: every step subtracts `lr * weight_decay` times the weight (decoupled weight decay).
        dtype: of the Newton-Schulz iterations. bfloat16 is precise enough, but on a processor without
            instructions for it, it is 30 to 70 times slower.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.02,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                if weight.ndim > 1:
                    self._matrix(weight, weight.grad, group["lr"], group["weight_decay"])
                else:
                    self._vector(weight, weight.grad, group["lr"] * _VECTORS)

    def _matrix(self, weight: Tensor, gradient: Tensor, lr: float, decay: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        update = orthogonal(gradient.lerp(momentum, _MOMENTUM).flatten(1), self._dtype)
        rows, columns = update.shape
        weight.mul_(1 - lr * decay)
        weight.add_(update.view(weight.shape).to(weight.dtype), alpha=-lr * max(1.0, rows / columns) ** 0.5)

    def _vector(self, weight: Tensor, gradient: Tensor, lr: float) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        done = float(state["step"])
        first, second = _BETAS
        mean = state["mean"].lerp_(gradient, 1 - first) / (1 - first**done)
        square = state["square"].lerp_(gradient.square(), 1 - second) / (1 - second**done)
        weight.addcdiv_(mean, square.sqrt() + _EPSILON, value=-lr)


def orthogonal(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The matrix with its singular values brought close to one, roughly into [0.7, 1.2].

    Args:
        matrix: `(rows, columns)`.
        dtype: that it is computed in, and of the result.
    """
    a, b, c = _COEFFICIENTS
    x = matrix.to(dtype)
    tall = x.shape[0] > x.shape[1]
    x = (x.T if tall else x).contiguous()
    x = x / (x.norm() + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).contiguous()
