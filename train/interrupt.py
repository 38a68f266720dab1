"""Ctrl-C, SIGTERM and SIGHUP ask a training to stop after the step; a second request does not wait.

SIGTERM is what Kubernetes, systemd and `kill` send, SIGHUP what is left of a terminal that was closed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType, TracebackType

__all__ = ["Halt", "Interrupt"]


class Halt(KeyboardInterrupt):
    """A signal that was not waited for.

    Attributes:
        exit_code: of the command line, as shells count it: 128 and the signal's number; 1 for Ctrl-C.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


class Interrupt:
    """While it is entered, a signal raises `Halt`; within `patience` the first one only sets `asked`.

    SIGTERM and SIGHUP are left to a program that handles or ignores them (as `nohup` has it do). Outside the
    main thread nothing is caught.

    Attributes:
        asked: the signal that asks for a stop, if one has come.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._patient, self._pressed = False, 0
        self._before: dict[int, object] = {}

    @property
    def exit_code(self) -> int:
        """Of the command line after this signal."""
        return 1 if self.asked in (None, signal.SIGINT) else 128 + self.asked

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Within this block the first signal only sets `asked`, for the block to look at, save and stop."""
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
        # a closed terminal sends SIGHUP twice, by the shell and by the system: nobody is impatient there
        self._pressed += number != getattr(signal, "SIGHUP", None)
        if not self._patient or self._pressed > 1:
            raise Halt(self.exit_code)
