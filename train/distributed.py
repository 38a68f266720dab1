"""Several processes that train one model together, started by torchrun; alone, all of this does nothing.

https://docs.pytorch.org/docs/stable/elastic/run.html
"""

from __future__ import annotations

import atexit
import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from diabolo.runtime._old_names import old_names

__all__ = ["Distributed", "init_distributed"]

__getattr__ = old_names(__name__, {"Processes": "Distributed", "join": "init_distributed"})


class Distributed:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0; process 0 writes.
        count: how many there are.
    """

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank, self.world_size = rank, world_size

    @property
    def is_main(self) -> bool:
        """Whether this is the one that writes files and speaks."""
        return self.rank == 0

    def shard(self, size: int) -> slice:
        """This process's rows of `size`: even parts, some larger by one where it does not divide."""
        low, more = divmod(size, self.world_size)
        first = self.rank * low + min(self.rank, more)
        return slice(first, first + low + (self.rank < more))

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all processes, with a gradient."""
        if self.world_size == 1:
            return value
        summed: Tensor = _Sum.apply(value)
        return summed

    def wrap(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module with its gradients averaged over all processes as they are computed."""
        if self.world_size == 1:
            return module
        where = [device.index or 0] if device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=where)

    def barrier(self) -> None:
        """Until all have come here."""
        if self.world_size > 1:
            dist.barrier()

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, in their order."""
        if self.world_size == 1:
            return [value]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, value)
        return values

    def max(self, value: int) -> int:
        """The largest of all processes' values."""
        if self.world_size == 1:
            return value
        tensor = torch.tensor(value)
        if dist.get_backend() == "nccl":
            tensor = tensor.cuda()
        dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
        return int(tensor)


class _Sum(torch.autograd.Function):
    """A sum over processes; every one of them uses it, so their gradients are summed as well."""

    @staticmethod
    def forward(_: object, value: Tensor) -> Tensor:
        out = value.clone()
        dist.all_reduce(out)
        return out

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        out = gradients[0].clone()
        dist.all_reduce(out)
        return out


def init_distributed(device: str) -> Distributed:
    """The processes that torchrun started, by NCCL on CUDA and by Gloo elsewhere; or this one alone.

    Joined once, they stay together until they end: a second training in the same processes finds them so.
    """
    if not (dist.is_available() and (dist.is_initialized() or "TORCHELASTIC_RUN_ID" in os.environ)):
        return Distributed()
    if not dist.is_initialized():
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Distributed(dist.get_rank(), dist.get_world_size())
