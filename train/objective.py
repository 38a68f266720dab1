"""The loss as a module that can be compiled and shared by processes, its memory format, and its sums."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from diabolo.train.distributed import Distributed
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import Loss, VariantBase

__all__ = ["Objective", "add_terms", "compiled", "memory_format"]


class Objective(nn.Module):
    """The loss as the output of a module, which DistributedDataParallel and torch.compile take."""

    def __init__(self, variant: VariantBase, model: Model) -> None:
        super().__init__()
        self.variant, self.model = variant, model

    def forward(self, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1]."""
        return self.variant.loss(self.model, image, step)


def compiled(objective: nn.Module, device: torch.device, distributed: Distributed) -> tuple[Any, bool]:
    """The compiled objective, and whether it runs as a CUDA graph, whose memory the next step overwrites.

    Launching the kernels of a small step takes longer than running them; a CUDA graph is launched once.
    """
    cuda_graphs = device.type == "cuda" and distributed.world_size == 1
    return torch.compile(objective, mode="reduce-overhead" if cuda_graphs else None), cuda_graphs


def memory_format(model: nn.Module) -> torch.memory_format:
    """channels_last for a model with convolutions, which are faster in it."""
    convolves = any(isinstance(module, nn.Conv2d) for module in model.modules())
    return torch.channels_last if convolves else torch.contiguous_format


def add_terms(sums: dict[str, Tensor], terms: dict[str, Tensor], images: int) -> None:
    """Add the loss and its terms, means over a batch, to sums over images.

    Args:
        sums: by name; a name that is missing starts at 0.
        terms: scalars on one device, by name.
        images: in the batch.
    """
    for name, value in terms.items():
        if name not in sums:
            sums[name] = torch.zeros((), device=value.device)
    # one call for all of them: on a GPU a call costs more than the sum
    values = [value.float() for value in terms.values()]
    torch._foreach_add_([sums[name] for name in terms], values, alpha=images)
