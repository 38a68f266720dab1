"""Limits the disk space of visitors' files by removing the oldest."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from diabolo.ui.files.temporary import KEPT

__all__ = ["Storage"]

FILES = 20_000
_STAYS = 0.5  # the share of the limit that bundles, which are not removed here, count for at most
_LEFT = 0.8  # the share of the limit that is left in use after a cleanup
_PAUSE = 1.0  # seconds between two measurements, at least
_SHARE = 20  # measuring takes at most one second in 20


class _File(NamedTuple):
    changed: float
    size: int
    path: str


class Storage:
    """A folder limited in size and to `FILES` files: beyond either limit, the oldest files are removed.

    New files are not refused, so that nobody can keep others from uploading by filling the folder. Bundles
    that visitors uploaded are not removed here: they have their own limits and are removed with their
    visitor. However large they are, half of the space is left to other files.

    Args:
        folder: the folder of visitors' files.
        megabytes: the maximum size of all files together, in units of 2^20 bytes.
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
        """Remove the oldest files where a limit is exceeded; return whether there is room then.

        The folder is not measured again if that was done a moment ago.

        Args:
            wait: wait for another thread that is measuring; False returns the previous result instead.
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
    """Remove a file, and its folder if it is empty then; return whether the file is gone."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):
        Path(path).parent.rmdir()
    return True


def _files(folder: str) -> tuple[int, list[_File]]:
    """The size in bytes of the files that must stay, and a list of those that may be removed."""
    kept, found = 0, list[_File]()
    for root, _, names in os.walk(folder):
        stays = any(part.startswith(KEPT) for part in Path(root).relative_to(folder).parts)
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118 - many of them
            try:
                status = os.lstat(path)
            except OSError:
                continue  # it was just removed
            if stays:
                kept += status.st_size
            else:
                found.append(_File(status.st_mtime, status.st_size, path))
    return kept, found
