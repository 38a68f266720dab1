"""Muon: momentum whose every step is made orthogonal, for weights; Adam for what is no matrix.

Jordan et al., 'Muon: An optimizer for hidden layers in neural networks', https://kellerjordan.github.io/posts/muon/:
the update of a weight matrix is the momentum with all its singular values brought near one, by a few
Newton-Schulz steps. A convolution's weight counts as the matrix (outputs, inputs x height x width).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["Muon"]

_STEPS = 5  # of the iteration
_COEFFICIENTS = 3.4445, -4.7750, 2.0315  # of its polynomial, from the source above
_MOMENTUM = 0.95
_BETAS = 0.9, 0.999  # Adam's
_EPSILON = 1e-8
_VECTORS = 0.1  # Adam's learning rate for vectors, as a share of Muon's


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay; tensors of fewer than two dimensions get Adam.

    Args:
        params: parameters or groups of them.
        lr: the learning rate of matrices; vectors get a tenth of it.
        weight_decay: the share of a weight that a step takes away is `lr * weight_decay`.
        dtype: what the iteration is computed in; bfloat16 is enough for it, where the device has
            instructions for that: a processor without them is 30 to 70 times slower in it.
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
        """One step along the gradients that are there."""
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
    """A matrix `(rows, columns)` with its singular values brought near one, roughly: to 0.7 to 1.2."""
    a, b, c = _COEFFICIENTS
    x = matrix.to(dtype)
    tall = x.shape[0] > x.shape[1]
    x = (x.T if tall else x).contiguous()
    x = x / (x.norm() + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).contiguous()
