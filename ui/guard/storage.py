"""How much of the disk visitors' files take, and which of them go when it becomes too much."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from diabolo.ui.temporary import KEPT

__all__ = ["Storage"]

FILES = 20_000
_STAYS = 0.5  # of what may be kept, at most, that files which stay take from the others
_LEFT = 0.8  # of what may be kept, after some were removed
_PAUSE = 1.0  # seconds between two looks, at least
_SHARE = 20  # looking takes at most one second of so many


class _File(NamedTuple):
    changed: float
    size: int
    path: str


class Storage:
    """A folder that may hold so many megabytes, and `FILES` files: of more, the oldest are removed.

    They are not refused, so that nobody can keep others from uploading by filling it. The bundles of visitors
    stay: they have bounds of their own, and go with whoever brought them. Whatever they take, half of the
    room is left to other files.

    Args:
        folder: where visitors' files are kept.
        megabytes: of all of them, at most.
    """

    def __init__(self, folder: str | Path, megabytes: int) -> None:
        self._folder = str(folder)
        self._most = megabytes << 20
        self._next = 0.0
        self._room = True
        self._looking = threading.Lock()

    @property
    def due(self) -> bool:
        """Whether it is time to `tidy` again."""
        return time.monotonic() >= self._next

    def tidy(self, *, wait: bool = True) -> bool:
        """Measure the folder, not too often, and remove what is too much; whether there is room then.

        Args:
            wait: for one who does so already; without it, what is known of before is told.
        """
        if not self._looking.acquire(blocking=wait):
            return self._room
        try:
            if self.due:
                begun = time.monotonic()
                self._room = self._tidied()
                took = time.monotonic() - begun
                self._next = time.monotonic() + max(_PAUSE, _SHARE * took)
            return self._room
        finally:
            self._looking.release()

    def _tidied(self) -> bool:
        kept, files = _files(self._folder)
        size, count = min(kept, _STAYS * self._most) + sum(file.size for file in files), len(files)
        if size < self._most and count < FILES:
            return True
        for file in sorted(files):
            if size < _LEFT * self._most and count < _LEFT * FILES:
                break
            if _removed(file.path):
                size, count = size - file.size, count - 1
        return size < self._most and count < FILES


def _removed(path: str) -> bool:
    """Remove a file, and its folder if nothing is left in that; whether it is gone."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):
        Path(path).parent.rmdir()
    return True


def _files(folder: str) -> tuple[int, list[_File]]:
    """Bytes of files that stay, and the files that need not."""
    kept, found = 0, list[_File]()
    for root, _, names in os.walk(folder):
        stays = any(part.startswith(KEPT) for part in Path(root).relative_to(folder).parts)
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118 - many of them
            try:
                status = os.lstat(path)
            except OSError:
                continue  # it has just gone
            if stays:
                kept += status.st_size
            else:
                found.append(_File(status.st_mtime, status.st_size, path))
    return kept, found
