"""Temporary folders for unfinished work: named after their process, and removed after it has ended."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from pathlib import Path

__all__ = ["begin", "sweep"]

_ABANDONED = 24 * 3600  # seconds after which the folder of a process on another machine is removed
_NAME = re.compile(r"\.(?P<node>[\w-]+)\.(?P<process>\d+)\.\w+", re.ASCII)


def begin(home: Path) -> Path:
    """Make a folder in `home`, named after this process, so that `sweep` recognises it."""
    return Path(tempfile.mkdtemp(prefix=f".{_node()}.{os.getpid()}.", dir=home))


def sweep(home: Path) -> None:
    """Remove the folders in `home` of processes that have ended."""
    for path in home.glob(".*"):
        named = _NAME.fullmatch(path.name)
        if not named:
            continue
        try:
            old = time.time() - path.stat().st_mtime > _ABANDONED
        except OSError:
            continue  # it was finished in the meantime
        if old or (named["node"] == _node() and not _runs(int(named["process"]))):
            shutil.rmtree(path, ignore_errors=True)


def _node() -> str:
    return re.sub(r"[^\w-]", "_", platform.node(), flags=re.ASCII)[:40] or "here"


def _runs(process: int) -> bool:
    try:
        import psutil
    except ImportError:
        return True  # not known; the folder is removed by its age
    return bool(psutil.pid_exists(process))
