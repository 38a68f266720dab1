"""The optimizers, AdamW and Muon, and gradient clipping."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from diabolo.train.config import Config
from diabolo.train.optim.muon import Muon

__all__ = ["clip_gradient", "make_optimizer", "set_rate"]


def make_optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    """The optimizer of a run, over all parameters of a model.

    AdamW is Loshchilov and Hutter, 'Decoupled Weight Decay Regularization', https://arxiv.org/abs/1711.05101.
    """
    groups = _groups(model, config.weight_decay)
    if config.optimizer == "muon":
        return Muon(
            groups, lr=config.lr, dtype=torch.bfloat16 if config.precision == "bf16" else torch.float32
        )
    fused = torch.device(config.device).type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, lr=config.lr, fused=fused)


def clip_gradient(weights: Sequence[nn.Parameter], max_norm: float) -> None:
    """Scale the gradients down if the norm of all of them together is above `max_norm`."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norm = get_total_norm(gradients)
    # on a GPU, reading the norm means waiting for it, which takes longer than the scaling
    if weights[0].device.type != "cpu" or not norm <= max_norm:
        clip_grads_with_norm_(weights, max_norm, norm)


def _groups(model: nn.Module, decay: float) -> list[dict[str, object]]:
    """Parameter groups: weight decay applies to matrices and kernels, not to biases and other vectors."""
    if not decay:
        return [{"params": list(model.parameters()), "weight_decay": 0.0}]
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups: list[dict[str, object]] = [{"params": weights, "weight_decay": decay}]
    return [*groups, {"params": others, "weight_decay": 0.0}] if others else groups


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all weights."""
    for group in optimizer.param_groups:
        group["lr"] = rate
