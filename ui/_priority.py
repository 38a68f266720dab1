"""Processes that work for one visitor give way to what serves all of them."""

from __future__ import annotations

import contextlib
import os
import sys
import time

__all__ = ["lower"]

_TRIES = 5
_PAUSE = 0.12  # seconds: the kernel takes one change of a group every 0.1 s


def lower(pid: int, by: int) -> None:
    """Let a process give way to others from its first moment on; nothing happens where that is impossible.

    A Linux desktop shares the processors among sessions first (`man 7 sched`, autogroups), so that a number
    for the process alone counts for nothing where it has a session of its own.

    Args:
        pid: the process's number, which is that of its session if it has its own.
        by: 0 to 19, as `nice` takes it.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, by)
        if os.getsid(pid) != pid:
            return
        for _ in range(_TRIES):
            try:
                with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as group:  # noqa: PTH123 - no path
                    group.write(str(by))
                return
            except BlockingIOError:
                time.sleep(_PAUSE)
