"""What a loss may need beside the batch: chance, means over the whole batch, a memory, and the time.

Several processes may share one batch. Each then draws the noise of the whole batch and takes its own rows,
and what a loss is not linear in is averaged over all of them first: the result is that of one process.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from diabolo.train.distributed import Distributed

__all__ = ["Step"]

_SPREAD = 0x9E3779B1  # the golden section of 2 ** 32 (Knuth, volume 3, 6.4): seeds lie far from one another


class Step:
    """One step of a training, or one batch of an evaluation.

    Attributes:
        epoch: epochs done, with a fraction: 0.0 at the first step.
        training: False while figures are taken.
        memory: tensors by name that a loss keeps from step to step; part of the checkpoint.
    """

    def __init__(
        self,
        seed: int,
        number: int,
        device: torch.device | str = "cpu",
        *,
        epoch: float = 0.0,
        training: bool = True,
        memory: dict[str, Tensor] | None = None,
        rows: tuple[int, int] | None = None,
        distributed: Distributed | None = None,
    ) -> None:
        """All chance comes from `seed` and `number`.

        `rows` is this process's place in the batch: its first row, and the rows of all processes.
        """
        self.epoch, self.training = epoch, training
        self.memory = {} if memory is None else memory
        # torch's generator on the CPU looks at 32 bits of its seed and no more
        self._seed, self._device = (seed * _SPREAD + number) % 2**32, device
        self._rows, self._all = rows, distributed

    @cached_property
    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(self._seed)  # made only for a loss that draws

    def normal(self, *shape: int) -> Tensor:
        """Draws from N(0, 1), `shape` with the batch first."""
        whole, own = self._share(shape[0])
        return torch.randn(whole, *shape[1:], generator=self._generator, device=self._device)[own]

    def uniform(self, *shape: int) -> Tensor:
        """Draws from [0, 1), `shape` with the batch first."""
        whole, own = self._share(shape[0])
        return torch.rand(whole, *shape[1:], generator=self._generator, device=self._device)[own]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the whole batch of `(batch, ...)`, with a gradient."""
        if self._all is None or self._rows is None:
            return values.float().mean(0)
        return self._all.sum(values.float().sum(0)) / self._rows[1]

    def whole(self, count: int) -> int:
        """How many images all processes have where this one has `count`: the whole batch."""
        return self._rows[1] if self._rows else count

    def _share(self, count: int) -> tuple[int, slice]:
        first, whole = self._rows or (0, count)
        return whole, slice(first, first + count)
