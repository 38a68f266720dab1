"""Release the pages of a memory-mapped array as they are used, so that it may be larger than memory."""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AROUND", "Mapped"]

_RESIDENT = 64 * 2**20  # bytes of a mapped file that may be in this process's memory
AROUND = 64 * 2**10
"""Bytes that the kernel maps around a page that is read (Linux: fault_around_bytes)."""


class Mapped:
    """The map behind an array, if the array is mapped from a file.

    Args:
        array: of any kind.
    """

    def __init__(self, array: NDArray[np.generic]) -> None:
        base: Any = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        self._map: mmap.mmap | None = base.base if isinstance(base.base, mmap.mmap) else None
        self._touched = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._map is not None

    def give_back(self, size: int) -> None:
        """Release the pages that were read, once they are many; called after each reading of `size` bytes."""
        if self._map is None:
            return
        with self._lock:
            self._touched += size
            if self._touched < _RESIDENT:
                return
            self._touched = 0
        if hasattr(mmap, "MADV_DONTNEED"):  # Windows does not have it, and trims working sets itself
            self._map.madvise(mmap.MADV_DONTNEED)
