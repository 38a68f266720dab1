"""An exponential moving average (EMA) of a model's weights.

Polyak and Juditsky, 'Acceleration of Stochastic Approximation by Averaging', https://doi.org/10.1137/0330046.
"""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["copy_buffers", "update_average"]


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Move the average a little towards the model's weights: average = d average + (1 - d) weights.

    d is `decay`, but at most (1 + step) / (10 + step): the average moves faster while the weights are still
    far from where they end.

    Args:
        average: holds the average; of the same class as `model`.
        model: in training.
        step: steps done before this one.
        decay: the share of the average that a step keeps, in [0, 1).
    """
    keep = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)


@torch.no_grad()
def copy_buffers(average: nn.Module, model: nn.Module) -> None:
    """Copy the model's buffers to the average: they are not averaged, whatever a head keeps in them."""
    for mine, theirs in zip(average.buffers(), model.buffers(), strict=True):
        mine.copy_(theirs)
