"""Several processes, started by torchrun, that train one model together. With one process it does nothing.

https://docs.pytorch.org/docs/stable/elastic/run.html
"""

from __future__ import annotations

import atexit
import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from diabolo.runtime._old_names import OldAttribute, old_keywords, old_names

__all__ = ["Distributed", "init_distributed"]

__getattr__ = old_names(__name__, {"Processes": "Distributed", "join": "init_distributed"})


class Distributed:
    """This process and the others that train with it.

    Attributes:
        rank: the number of this process, from 0; process 0 is the main one.
        world_size: the number of processes.
    """

    @old_keywords(count="world_size")
    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank, self.world_size = rank, world_size

    @property
    def is_main(self) -> bool:
        """Whether this is the main process, which writes files and calls callbacks."""
        return self.rank == 0

    def shard(self, size: int) -> slice:
        """This process's rows of a batch of `size`; the shards differ by at most one row."""
        low, more = divmod(size, self.world_size)
        first = self.rank * low + min(self.rank, more)
        return slice(first, first + low + (self.rank < more))

    def sum(self, value: Tensor) -> Tensor:
        """The sum of `value` over all processes, of any shape, with a gradient."""
        if self.world_size == 1:
            return value
        summed: Tensor = _Sum.apply(value)
        return summed

    def wrap(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module in DistributedDataParallel, which averages its gradients over all processes."""
        if self.world_size == 1:
            return module
        where = [device.index or 0] if device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=where)

    def barrier(self) -> None:
        """Wait until all processes have come to this point."""
        if self.world_size > 1:
            dist.barrier()

    def gather(self, value: Any) -> list[Any]:
        """The values of all processes, by rank."""
        if self.world_size == 1:
            return [value]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, value)
        return values

    def max(self, value: int) -> int:
        """The largest of the values of all processes."""
        if self.world_size == 1:
            return value
        tensor = torch.tensor(value)
        if dist.get_backend() == "nccl":
            tensor = tensor.cuda()
        dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
        return int(tensor)

    count = OldAttribute("world_size")
    writes = OldAttribute("is_main")
    part = OldAttribute("shard")
    share = OldAttribute("wrap")
    wait = OldAttribute("barrier")
    most = OldAttribute("max")


class _Sum(torch.autograd.Function):
    """A sum over processes. All of them use it, so its gradient is the sum of theirs."""

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
    """Join the processes that torchrun started, with NCCL on CUDA and Gloo elsewhere; or this one alone.

    The process group is initialised once, and kept for further trainings in the same processes.
    """
    if not (dist.is_available() and (dist.is_initialized() or "TORCHELASTIC_RUN_ID" in os.environ)):
        return Distributed()
    if not dist.is_initialized():
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Distributed(dist.get_rank(), dist.get_world_size())
