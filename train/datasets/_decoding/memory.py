"""How much memory is free, and how much of it a dataset may take."""

from __future__ import annotations

import os
from pathlib import Path

from diabolo.train.errors import OptionError

__all__ = ["budget", "free"]

_SHARE = 4  # a set may take one part in this many of the memory that is free
_UNKNOWN = 4 * 2**30  # bytes taken to be free where nothing tells


def budget() -> int:
    """Bytes up to which a dataset is kept in memory rather than mapped from a file.

    `DIABOLO_MEMORY`, in MiB, or else a quarter of the free memory, within a container's limit.

    Raises:
        OptionError: `DIABOLO_MEMORY` is not a number of MiB.
    """
    if given := os.environ.get("DIABOLO_MEMORY"):
        if not given.isdecimal():
            raise OptionError(
                f"DIABOLO_MEMORY {given!r} is not possible; it must be a number of MiB, such as 2048."
            )
        return int(given) * 2**20
    return free() // _SHARE


def free() -> int:
    """Bytes of free memory, within a container's limit; a guess if psutil is not installed."""
    try:
        import psutil
    except ImportError:
        return min(_UNKNOWN, _container())
    available: int = psutil.virtual_memory().available
    return min(available, _container())


def _container() -> int:
    """What the control group's limit leaves, by its version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html).

    Files that were read and are kept in memory count as used there, although they go when memory is needed.
    """
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = (folder / "memory.max").read_text(), (folder / "memory.current").read_text()
    except OSError:
        return 2**62
    if not limit.strip().isdecimal():
        return 2**62
    return max(0, int(limit) - int(used) + _cached(folder / "memory.stat"))


def _cached(path: Path) -> int:
    try:
        told = dict(line.split() for line in path.read_text().splitlines())
    except OSError:
        return 0
    return int(told.get("inactive_file", 0))
