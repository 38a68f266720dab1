"""Folders that work is done in before it is whole: named by their owner, and swept when it is gone."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from pathlib import Path

__all__ = ["begin", "sweep"]

_ABANDONED = 24 * 3600  # seconds after which one of another machine's processes is nobody's
_NAME = re.compile(r"\.(?P<node>[\w-]+)\.(?P<process>\d+)\.\w+", re.ASCII)


def begin(home: Path) -> Path:
    """A new folder in `home` that `sweep` will know for this process's."""
    return Path(tempfile.mkdtemp(prefix=f".{_node()}.{os.getpid()}.", dir=home))


def sweep(home: Path) -> None:
    """Remove what processes that are gone left unfinished in `home`."""
    for path in home.glob(".*"):
        named = _NAME.fullmatch(path.name)
        if not named:
            continue
        try:
            old = time.time() - path.stat().st_mtime > _ABANDONED
        except OSError:
            continue  # it was finished just now
        if old or (named["node"] == _node() and not _runs(int(named["process"]))):
            shutil.rmtree(path, ignore_errors=True)


def _node() -> str:
    return re.sub(r"[^\w-]", "_", platform.node(), flags=re.ASCII)[:40] or "here"


def _runs(process: int) -> bool:
    try:
        import psutil
    except ImportError:
        return True  # not known; its age will tell
    return bool(psutil.pid_exists(process))
