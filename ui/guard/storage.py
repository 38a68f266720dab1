"""How much of the disk visitors' files take."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["Storage"]

_LOOK = 1.0  # seconds between two looks


class Storage:
    """A folder that may hold so many megabytes; it is measured at most once a second."""

    def __init__(self, folder: str | Path, megabytes: int) -> None:
        self._folder = str(folder)
        self._most = megabytes << 20
        self._looked = -_LOOK
        self._size = 0

    def room(self) -> bool:
        """Whether another file may come."""
        if time.monotonic() - self._looked >= _LOOK:
            self._size, self._looked = _size(self._folder), time.monotonic()
        return self._size < self._most


def _size(folder: str) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - many of them
            except OSError:
                continue  # it has just gone
    return total
