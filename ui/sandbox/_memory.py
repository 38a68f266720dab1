"""The memory use of another process, without psutil."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["memory_of"]

_QUERY = 0x0400 | 0x0010  # PROCESS_QUERY_INFORMATION | PROCESS_VM_READ


def memory_of(pid: int) -> int:
    """Physical memory of a process (resident set size), in bytes; 0 if it cannot be determined."""
    read = {"linux": _linux, "win32": _windows}.get(sys.platform, _ps)
    try:
        return read(pid)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return 0  # it has ended


def _linux(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE")


def _ps(pid: int) -> int:
    result = subprocess.run(  # noqa: S603 - a fixed command and a number
        ["/bin/ps", "-o", "rss=", "-p", str(pid)], capture_output=True, timeout=5, check=False
    )
    return int(result.stdout or 0) << 10


def _windows(pid: int) -> int:
    """PROCESS_MEMORY_COUNTERS.WorkingSetSize, https://learn.microsoft.com/windows/win32/api/psapi/."""

    class Counters(ctypes.Structure):
        _fields_ = (
            ("cb", ctypes.c_uint32),
            ("PageFaultCount", ctypes.c_uint32),
            *((f"size{number}", ctypes.c_size_t) for number in range(8)),
        )

    kernel = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009 - there on Windows alone
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.OpenProcess(_QUERY, False, pid))
    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    result = kernel.K32GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.cb)
    kernel.CloseHandle(handle)
    return int(counters.size1) if result else 0
