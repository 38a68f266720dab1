"""Ctrl-C asks for a stop after the step; a second one does not wait."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

__all__ = ["Interrupt"]


class Interrupt:
    """While it is entered, the first Ctrl-C only sets `asked`. Outside the main thread it does nothing."""

    def __init__(self) -> None:
        self.asked = False
        self._here = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Interrupt:
        if self._here:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._here:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
