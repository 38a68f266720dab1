"""Ctrl-C, SIGTERM and SIGHUP stop a training after the current step; a second signal stops it at once.

Kubernetes, systemd and `kill` send SIGTERM; a terminal that is closed sends SIGHUP.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType, TracebackType

__all__ = ["Halt", "Interrupt", "handled"]


class Halt(KeyboardInterrupt):
    """A signal that stops the training at once.

    Attributes:
        exit_code: for the command line, by the convention of shells: 128 plus the signal's number; 1 for
            Ctrl-C.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


class Interrupt:
    """A context in which a signal raises `Halt`; within `patience()` the first one only sets `asked`.

    SIGTERM and SIGHUP are not handled if the program handles or ignores them already, as under `nohup`.
    Outside the main thread no signal is handled.

    Attributes:
        asked: the number of the signal that asked for a stop, or None.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._patient, self._pressed = False, 0
        self._before: dict[int, object] = {}

    @property
    def exit_code(self) -> int:
        """The exit code of the command line after this signal."""
        return 1 if self.asked in (None, signal.SIGINT) else 128 + self.asked

    @contextmanager
    def patience(self) -> Iterator[None]:
        """A block in which the first signal only sets `asked`; the block checks it, saves and stops."""
        with nullcontext() if self._before else self:
            self._patient, self._pressed = True, 0
            try:
                yield
            finally:
                self._patient = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._ask)
            for name in ("SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        self._before.clear()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        # a closed terminal sends SIGHUP twice, from the shell and from the system: that is one request
        self._pressed += number != getattr(signal, "SIGHUP", None)
        if not self._patient or self._pressed > 1:
            raise Halt(self.exit_code)


def handled(main: bool) -> AbstractContextManager[Interrupt | None]:
    """Handle signals in the main process of a training; in the others only while they train.

    Otherwise a signal ends those at once: they wait for one another within torch, where Python does not
    handle signals.
    """
    return Interrupt() if main else nullcontext()
