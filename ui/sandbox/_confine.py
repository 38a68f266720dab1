"""What a worker takes away from itself before it looks at a stranger's bundle.

The kernel enforces the limits where Python's `resource` is there: memory, processor time, no file written,
few files open, no core dump, no further process. On Windows, which has none of these, and for memory on
macOS, whose kernel does not enforce it, the app watches the clock and the memory and ends the worker from
outside. A worker on Windows does not notice that the app was killed until it has finished its call.
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

__all__ = ["allow_time", "confine", "take_pipes", "take_threads"]

_FILES = 64  # open at a time
_SHARED = 1 << 30  # bytes of address space on top: libraries and what is mapped
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the app, out of reach for what prints to stdout."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return os.fdopen(asked, "rb"), os.fdopen(answers, "wb")


def confine(memory_mb: int, parent: int) -> None:
    """Limit this process, and let it end when the process `parent`, which started it, ends."""
    _end_with(parent)
    if sys.platform == "win32":
        return
    import resource

    memory = memory_mb << 20
    for kind, most in (
        ("DATA", memory),  # what is allocated; libraries, which are shared, do not count
        ("AS", memory + _SHARED),
        ("FSIZE", 0),
        ("NOFILE", _FILES),
        ("CORE", 0),
    ):
        _limit(resource, kind, most)


def take_threads() -> None:
    """Start no thread and no process from here on. This limit does not bind root."""
    if sys.platform != "win32":
        import resource

        _limit(resource, "NPROC", 0)


def allow_time(seconds: float) -> None:
    """Let the kernel end this process after so many more seconds of processor time."""
    if sys.platform == "win32":
        return
    import resource

    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, most))


def _limit(resource: object, kind: str, most: int) -> None:
    number = getattr(resource, f"RLIMIT_{kind}", None)
    if number is not None:
        with contextlib.suppress(OSError, ValueError):  # a system that refuses it: the app watches, too
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
