"""The app's side of a worker: starts it, sends requests, and stops it when it exceeds a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.ui.errors import ModelStoppedError
from diabolo.ui.sandbox import _frames, keeper
from diabolo.ui.sandbox._memory import memory_of
from diabolo.ui.sandbox.limits import VisitorLimits

__all__ = ["GoneError", "Worker"]

_START = 60.0  # seconds
_FAREWELL = 5.0  # seconds to wait for a process to exit after it closed its pipe
_XCPU = int(getattr(signal, "SIGXCPU", 0)) or 999
_SIGKILL = int(getattr(signal, "SIGKILL", 0)) or 999
_SLOWER = 2  # real time may be this many times the CPU time: other processes run, too
# the variables that Python and onnxruntime need; all others may be secret
_NEEDED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")

_Array = NDArray[np.float32]


class GoneError(Exception):
    """A worker was stopped, or crashed; the message completes 'the model was stopped: it ...'."""


class Worker:
    """A worker process, which handles one request at a time.

    Args:
        limits: its limits.
        gate: the lock that callers hold during a request. If nobody does for a while, the worker is stopped.

    Raises:
        ModelStoppedError: no process can be started.
    """

    def __init__(self, limits: VisitorLimits, gate: threading.Lock) -> None:
        self._limits, self._gate = limits, gate
        self._process = _begin(limits)
        self._end = weakref.finalize(self, _kill, self._process)
        self._why, self._took = "", f"did not start within {_START:g} s"
        assert self._process.stdin is not None  # noqa: S101 - pipes, for mypy
        assert self._process.stdout is not None  # noqa: S101
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._deadline: float | None = time.monotonic() + _START
        self.used = time.monotonic()
        keeper.watch(_check_of(self))
        try:
            self._read_answer()
        except GoneError as error:
            raise ModelStoppedError(
                f"no process could be started for an uploaded model: it {error}."
            ) from None
        self._deadline = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return not self._end.alive or self._process.poll() is not None

    def begin(self, seconds: float) -> dict[str, Any]:
        """Start the time limit of a call of one or more requests; returns fields for the first header."""
        self._deadline = time.monotonic() + _SLOWER * seconds
        self._took = f"took more than {seconds:g} s"
        return {"seconds": seconds}

    def rest(self) -> None:
        """End the call, and its time limit."""
        self._deadline, self.used = None, time.monotonic()

    def ask(self, header: dict[str, Any], array: _Array | None = None) -> dict[str, Any]:
        """Send a request and return the header of the answer.

        Raises:
            GoneError: the process ended, was stopped, or sent an invalid answer.
        """
        try:
            _frames.write(self._stdin, header, array)
        except OSError:
            raise GoneError(self._reason()) from None
        return self._read_answer()

    def array(self, header: dict[str, Any], shape: tuple[int, ...]) -> _Array:
        """Read the values of an answer, which must have this shape.

        Raises:
            GoneError: as for `ask`.
        """
        if header.get("shape") != list(shape) or header.get("dtype") != "float32":
            raise GoneError(self._invalid_answer())
        try:
            return _frames.read_array(self._stdout, shape)
        except (EOFError, OSError):
            raise GoneError(self._reason()) from None

    def with_gate(self, gate: threading.Lock) -> Worker:
        """The same worker, from now on with another lock."""
        self._gate = gate
        return self

    def stop(self) -> None:
        """Stop the process and wait until it has ended."""
        self._end()

    def look(self) -> bool:
        """Stop the process if it exceeds a limit or is idle; return whether to check again."""
        if self.ended:
            return False
        now, deadline = time.monotonic(), self._deadline
        if deadline is None:
            if now - self.used > self._limits.idle_s and self._gate.acquire(blocking=False):
                try:
                    self.stop()
                finally:
                    self._gate.release()
            return True
        if now > deadline:
            self._kill("time")
        elif memory_of(self.pid) > self._limits.memory_mb << 20:
            self._kill("memory")
        return True

    def kill(self) -> None:
        """Kill the process at once; a caller that waits for its answer gets a `GoneError` and cleans up."""
        self._kill("removed")

    def _kill(self, why: str) -> None:
        self._why = self._why or why
        _signal(self._process)

    def _invalid_answer(self) -> str:
        self._kill("nonsense")
        return self._reason()

    def _reason(self) -> str:
        """Why the process ended, as a phrase that follows 'it'."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_FAREWELL)
        code, why = self._process.returncode, self._why
        if why == "time" or (not why and code == -_XCPU):
            return self._took
        if why == "memory" or (not why and code == -_SIGKILL):  # the kernel's out-of-memory killer
            return f"took more than {self._limits.memory_mb} MB of memory"
        if why:
            return {"nonsense": "gave an invalid answer", "removed": "was removed"}[why]
        return f"crashed (exit status {code})"

    def _read_answer(self) -> dict[str, Any]:
        try:
            header = _frames.read_header(self._stdout)
        except (EOFError, OSError):
            raise GoneError(self._reason()) from None
        except _frames.FrameError:
            raise GoneError(self._invalid_answer()) from None
        if header.get("error") == "memory":
            self._kill("memory")
            raise GoneError(self._reason())
        return header


def _check_of(worker: Worker) -> keeper.Look:
    """A check of the worker for `keeper`, until the worker is no longer referenced."""
    known = weakref.ref(worker)

    def look() -> bool:
        found = known()
        return found is not None and found.look()

    return look


def _begin(limits: VisitorLimits) -> keeper.Process:
    if not sys.executable or getattr(sys, "frozen", False):  # a frozen program is not a Python interpreter
        raise ModelStoppedError(
            "no process can be started for an uploaded model: this program is not a Python interpreter."
        )
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    # -P: import nothing from the working folder; -B: write no bytecode
    command = [
        sys.executable,
        "-P",
        "-B",
        "-m",
        "diabolo.ui.sandbox",
        str(limits.memory_mb),
        str(os.getpid()),
    ]
    try:
        return keeper.begin(command, environment | {"OMP_NUM_THREADS": "1"})
    except OSError as error:
        raise ModelStoppedError(
            f"no process can be started for an uploaded model: {error.strerror or error}."
        ) from None


def _signal(process: keeper.Process) -> None:
    if process.poll() is not None:  # its id may belong to another process by now
        return
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _kill(process: keeper.Process) -> None:
    _signal(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_FAREWELL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # data that was not sent
                pipe.close()
