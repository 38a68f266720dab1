"""A command of `diabolo` in a process of its own, whose output is kept in a file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from diabolo.runtime.errors import UsageError

__all__ = ["Command"]

_NICER = 5  # a lower priority than the app, a higher one than visitors' models
_TAIL = 16_000  # bytes of the output that are read
_LONGEST = 1000  # characters of a message
_OWN = "diabolo: "  # how a message of the command begins
_DROPPED = ("DIABOLO_AUTH", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_TEMP_DIR")


class Command:
    """`diabolo` with these arguments, started at once; it goes on when a page is closed.

    Args:
        arguments: of the command.

    Raises:
        UsageError: the process cannot be started.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        handle, name = tempfile.mkstemp(prefix="diabolo-training-", suffix=".log")
        self._log = Path(name)
        weakref.finalize(self, _remove, self._log)
        kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        # a terminal's Ctrl-C must reach the app alone, which then stops this process in order
        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # of Windows
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - this very Python, and checked options
                [sys.executable, "-m", "diabolo", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                env={**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
                start_new_session=sys.platform != "win32",
                creationflags=group,
            )
        except OSError as error:
            raise UsageError(f"a process cannot be started: {error.strerror}. Try again.") from None
        finally:
            os.close(handle)
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICER)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, minus the number of the signal that killed it; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float | None = None) -> int:
        """Wait until it has ended, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it runs longer.
        """
        return self._process.wait(seconds)

    def interrupt(self) -> None:
        """Ask it to save and stop, by SIGTERM; shells let some processes ignore SIGINT.

        On Windows the process is ended, and a training goes on from its last checkpoint.
        """
        with contextlib.suppress(OSError):
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def lines(self) -> list[str]:
        """The last lines of its output."""
        try:
            with self._log.open("rb") as file:
                file.seek(max(0, self._log.stat().st_size - _TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return [line.rstrip() for line in text.splitlines() if line.strip()]

    def message(self) -> str:
        """What it says of its end: its own message, or else its last line."""
        lines = self.lines()
        own = [line.removeprefix(_OWN) for line in lines if line.startswith(_OWN)]
        return (own or lines or [""])[-1][:_LONGEST]


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
