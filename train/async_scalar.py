"""Reading a number that a device is still computing, without waiting for it."""

from __future__ import annotations

import torch
from torch import Tensor

from diabolo.runtime._old_names import OldAttribute, old_names

__all__ = ["AsyncScalar"]

__getattr__ = old_names(__name__, {"Glance": "AsyncScalar"})


class AsyncScalar:
    """Scalars that are read one call later.

    On CUDA a number is copied in the background, after the queued steps; by the next call, some steps
    later, it has long arrived. On other devices a call reads the number itself.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._sent: tuple[Tensor, torch.cuda.Event] | None = None

    def exchange(self, value: Tensor) -> float | None:
        """Send `value`, a scalar `()`; on CUDA returns the one sent before, or None at the first call."""
        if not self._cuda:
            return float(value)
        before, self._sent = self._sent, _send(value)
        if before is None:
            return None
        number, arrived = before
        arrived.synchronize()
        return float(number)

    look = OldAttribute("exchange")


def _send(value: Tensor) -> tuple[Tensor, torch.cuda.Event]:
    number = torch.empty((), dtype=value.dtype, pin_memory=True)
    number.copy_(value, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()
    return number, arrived
