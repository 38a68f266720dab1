"""Processes that work for one visitor give way to what serves all of them."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["lower"]


def lower(pid: int, by: int) -> bool:
    """Let a process give way to others from its first moment on; nothing happens where that is impossible.

    A Linux desktop shares the processors among sessions first (`man 7 sched`, autogroups), so that a number
    for the process alone counts for nothing where it has a session of its own. Linux also leaves the first of
    this process's processors free of it: what wakes up for a visitor finds one that computes for nobody else.

    Args:
        pid: the process's number, which is that of its session if it has its own.
        by: 0 to 19, as `nice` takes it.

    Returns:
        False where the kernel wants to be asked again: it takes one change of a group every 0.1 s.
    """
    if sys.platform == "win32":
        return True
    with contextlib.suppress(OSError):
        _leave_one(pid)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, by)
        if os.getsid(pid) != pid:
            return True
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(by), "ascii")
        except BlockingIOError:
            return False
    return True


def _leave_one(pid: int) -> None:
    if sys.platform != "linux":
        return
    _first, *others = sorted(os.sched_getaffinity(0))
    if others:
        os.sched_setaffinity(pid, others)
