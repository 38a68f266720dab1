"""The optimizers, AdamW and Muon, and the clipping of the gradient before their step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from diabolo.train.config import Config
from diabolo.train.optim.muon import Muon

__all__ = ["clip_gradient", "make_optimizer"]


def make_optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    """The optimizer that a run's settings ask for, over all parameters of a model."""
    groups = _groups(model, config.weight_decay)
    if config.optimizer == "muon":
        return Muon(
            groups, lr=config.lr, dtype=torch.bfloat16 if config.precision == "bf16" else torch.float32
        )
    fused = torch.device(config.device).type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, lr=config.lr, fused=fused)


def clip_gradient(weights: Sequence[nn.Parameter], max_norm: float) -> None:
    """Scale the gradient down where it is longer than `longest`, over all weights together."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norm = get_total_norm(gradients)
    # on a GPU this cannot be asked without waiting, and costs less than that
    if weights[0].device.type != "cpu" or not norm <= max_norm:
        clip_grads_with_norm_(weights, max_norm, norm)


def _groups(model: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weights decay, if anything does; biases and other vectors do not."""
    if not decay:
        return [{"params": list(model.parameters()), "weight_decay": 0.0}]
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups: list[dict[str, object]] = [{"params": weights, "weight_decay": decay}]
    return [*groups, {"params": others, "weight_decay": 0.0}] if others else groups
