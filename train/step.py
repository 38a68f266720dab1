"""What a loss may need besides the batch: random numbers, means over the whole batch, a memory, the epoch.

Several processes may share one batch. Each of them then draws the random numbers of the whole batch and takes
its own rows, and averages that a loss depends on non-linearly are taken over all processes. So the result is
the same as with one process.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from diabolo.runtime._old_names import old_keywords

if TYPE_CHECKING:
    from diabolo.train.distributed import Distributed

__all__ = ["Step"]

_SPREAD = 0x9E3779B1  # 2 ** 32 by the golden ratio (Knuth, volume 3, section 6.4): keeps seeds far apart


class Step:
    """One step of a training, or one batch of an evaluation. It is the source of all randomness of a loss.

    Attributes:
        epoch: epochs done, with a fraction: 0.0 at the first step.
        training: False during validation and evaluation.
        memory: tensors by name that a loss keeps from step to step; they are saved in the checkpoint.
        images: in the whole set that the batch is of; 0 if that is not known.
        noisy: the given noisy copies of the batch, of its shape, in [0, 1]; None if there are none.
    """

    @old_keywords(processes="distributed")
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
        noisy: Tensor | None = None,
        images: int = 0,
    ) -> None:
        """All random numbers depend on `seed` and `number` alone.

        Args:
            seed: of the run.
            number: of the step or batch.
            device: that the random numbers are drawn on.
            epoch: see the attributes, as for the next two.
            training: see above.
            memory: see above.
            rows: this process's first row in the batch, and the number of rows of all processes.
            distributed: the processes that share the batch; None: only this one.
            noisy: see the attributes, as for the next one.
            images: see above.
        """
        self.epoch, self.training = epoch, training
        self.memory = {} if memory is None else memory
        self.noisy, self.images = noisy, images
        # torch's generator on the CPU uses only 32 bits of its seed
        self._seed, self._device = (seed * _SPREAD + number) % 2**32, device
        self._rows, self._all = rows, distributed

    @cached_property
    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(self._seed)  # made only if a loss draws

    def normal(self, *shape: int) -> Tensor:
        """Random numbers from N(0, 1), of this shape; the first dimension is the batch."""
        whole, own = self._share(shape[0])
        return torch.randn(whole, *shape[1:], generator=self._generator, device=self._device)[own]

    def uniform(self, *shape: int) -> Tensor:
        """Random numbers, uniform in [0, 1), of this shape; the first dimension is the batch."""
        whole, own = self._share(shape[0])
        return torch.rand(whole, *shape[1:], generator=self._generator, device=self._device)[own]

    def mean(self, values: Tensor) -> Tensor:
        """The mean of `(batch, ...)` over the whole batch, of all processes: `(...)`, with a gradient."""
        if self._all is None or self._rows is None:
            return values.float().mean(0)
        return self._all.sum(values.float().sum(0)) / self._rows[1]

    def gather(self, values: Tensor) -> Tensor:
        """The rows of the whole batch, of all processes, in order: `(batch, ...)`, with a gradient."""
        if self._all is None or self._rows is None:
            return values
        first, whole = self._rows
        # each process adds its rows to zeros, which changes no digit of them
        others = [
            values.new_zeros(count, *values.shape[1:]) for count in (first, whole - first - len(values))
        ]
        return self._all.sum(torch.cat([others[0], values, others[1]]))

    def own(self, count: int) -> slice:
        """The rows of this process in the whole batch, if it has `count` of them."""
        first = self._rows[0] if self._rows else 0
        return slice(first, first + count)

    def whole(self, count: int) -> int:
        """The size of the whole batch, of all processes, if this one has `count` of its images."""
        return self._rows[1] if self._rows else count

    def _share(self, count: int) -> tuple[int, slice]:
        first, whole = self._rows or (0, count)
        return whole, slice(first, first + count)
