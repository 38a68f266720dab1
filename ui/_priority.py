"""Lowers the priority of processes that work for one visitor, in favour of the server."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["lower"]


def lower(pid: int, by: int) -> bool:
    """Lower the priority of a process, where the system allows it.

    A Linux desktop divides processor time among sessions first (`man 7 sched`, autogroups), so for a process
    with its own session, the priority of that group is lowered, too. On Linux, the process is also kept off
    the first of this process's CPUs, so that one CPU is always free for the server.

    Args:
        pid: the process id, which is also that of its session if the process has its own.
        by: the nice value, 0 to 19.

    Returns:
        False if this must be called again: the kernel accepts one change of a group per 0.1 s.
    """
    if sys.platform == "win32":
        return True
    with contextlib.suppress(OSError):
        _keep_off_first_cpu(pid)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, by)
        if os.getsid(pid) != pid:
            return True
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(by), "ascii")
        except BlockingIOError:
            return False
    return True


def _keep_off_first_cpu(pid: int) -> None:
    if sys.platform != "linux":
        return
    _first, *others = sorted(os.sched_getaffinity(0))
    if others:
        os.sched_setaffinity(pid, others)
