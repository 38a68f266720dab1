"""Limits that a worker sets on itself before it opens a visitor's bundle.

Where Python has `resource`, the kernel enforces them: memory, CPU time, no writing to files, few open files,
no core dumps, no further processes. Windows has none of these limits, and macOS does not enforce the one on
memory; there, the app watches time and memory and kills the worker. On Windows, a worker whose app was killed
notices that only when its call is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from typing import IO

__all__ = ["allow_time", "confine", "forbid_threads", "take_pipes"]

_FILES = 64  # open at a time
_SHARED = 1 << 30  # further bytes of address space, for libraries and mapped files
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes from and to the app; stdin, stdout and stderr are redirected to the null device."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return os.fdopen(asked, "rb"), os.fdopen(answers, "wb")


def confine(memory_mb: int, parent: int) -> None:
    """Limit the resources of this process, and end it when the process `parent`, which started it, ends."""
    _end_with(parent)
    if sys.platform == "win32":
        return
    import resource

    memory = memory_mb << 20
    for kind, most in (
        ("DATA", memory),  # allocated memory, without shared libraries
        ("AS", memory + _SHARED),
        ("FSIZE", 0),
        ("NOFILE", _FILES),
        ("CORE", 0),
    ):
        _limit(resource, kind, most)


def forbid_threads() -> None:
    """Forbid this process to start threads and processes. This has no effect for root."""
    if sys.platform != "win32":
        import resource

        _limit(resource, "NPROC", 0)


def allow_time(seconds: float) -> None:
    """Let the kernel end this process after this many more seconds of CPU time."""
    if sys.platform == "win32":
        return
    import resource

    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, most))


def _limit(resource: object, kind: str, most: int) -> None:
    number = getattr(resource, f"RLIMIT_{kind}", None)
    if number is not None:
        with contextlib.suppress(OSError, ValueError):  # the system refuses it; the app watches, too
            resource.setrlimit(number, (most, most))  # type: ignore[attr-defined]


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    elif sys.platform != "win32":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
