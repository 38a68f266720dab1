"""How much of the disk visitors' files take."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["Storage"]

FILES = 50_000
_LOOK = 1.0  # seconds between two looks


class Storage:
    """A folder that may hold so many megabytes, and `FILES` files; it is measured at most once a second."""

    def __init__(self, folder: str | Path, megabytes: int) -> None:
        self._folder = str(folder)
        self._most = megabytes << 20
        self._looked = -_LOOK
        self._size = self._count = 0

    def room(self) -> bool:
        """Whether another file may come."""
        if time.monotonic() - self._looked >= _LOOK:
            (self._size, self._count), self._looked = _measured(self._folder), time.monotonic()
        return self._size < self._most and self._count < FILES


def _measured(folder: str) -> tuple[int, int]:
    """Bytes and files."""
    total = count = 0
    for root, _, names in os.walk(folder):
        count += len(names)
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - many of them
            except OSError:
                continue  # it has just gone
    return total, count
