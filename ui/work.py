"""How much one request may ask for, and whose turn it is: large work waits, small work goes at once."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import gradio as gr

from diabolo.runtime.errors import UsageError
from diabolo.ui.blocks import BUSY
from diabolo.ui.guard.caller import gone

__all__ = ["VALUES", "LeftError", "Turns", "check_frames", "check_pictures", "large", "stop_for_nobody"]

SLOTS = max(1, (os.cpu_count() or 1) // 2)  # large works at a time: the other half is for small ones
VALUES = 50_000_000  # numbers of all pictures that one request may make
LARGE = 4_000_000  # of either, from which a request waits for its turn: about half a second of work
DRAWN = 32_000_000  # pixels of all frames of an animation, as large as they are drawn
_TOLD = 1.0  # seconds of waiting after which a visitor is told
_LONGEST = 3  # times the patience that a work really waits: others may take longer than expected
_LOOK = 0.1  # seconds between two looks at whether the caller is still there


class LeftError(gr.Error):
    """Whoever asked has left: nobody reads this."""

    def __init__(self) -> None:
        super().__init__("the caller has left.", print_exception=False)


def stop_for_nobody() -> None:
    """Go on only for a caller who is still there.

    Raises:
        LeftError: nobody waits for the answer.
    """
    if gone():
        raise LeftError


def check_pictures(count: int, shape: tuple[int, int, int]) -> None:
    """See that so many pictures `(channels, height, width)` are no more than one request may make.

    Raises:
        UsageError: they are; the message has the largest number.
    """
    channels, height, width = shape
    _check(count, channels * height * width, VALUES, f"{width} x {height}")


def check_frames(count: int, size: tuple[int, int]) -> None:
    """See that so many frames `(width, height)` are no more than one animation may have.

    Raises:
        UsageError: they are; the message has the largest number.
    """
    width, height = size
    _check(count, width * height, DRAWN, f"{width} x {height}")


def _check(count: int, each: int, most: int, size: str) -> None:
    if count * each > most:
        raise UsageError(
            f"{count:,} pictures of {size} are more than one request may ask for; at most {most // each:,}. "
            "Ask for fewer, or use the command line, which has no such bound."
        )


def large(count: int, size: tuple[int, ...]) -> bool:
    """Whether so many pictures of so many values are work that waits for its turn."""
    return count * prod(size) > LARGE


def _busy(seconds: float) -> gr.Error:
    said = f"the app is busy: it would take about {seconds:.0f} seconds until your turn. Try again later."
    return gr.Error(said, title=BUSY, print_exception=False)


class Turns:
    """Some large works at a time, in the order in which they came.

    Args:
        slots: how many at a time.
        patience: seconds that a work may have to wait, by what the last ones took; more is refused.
        waiting: works that may wait. Each holds a thread of the server, and small work needs those, too.
    """

    def __init__(self, slots: int = SLOTS, patience: float = 60.0, waiting: int = 16) -> None:
        self._slots = slots
        self._patience = patience
        self._most = waiting
        self._change = threading.Condition()
        self._active = 0
        self._waiting: deque[object] = deque()
        self._seconds = 1.0  # that a work takes, a running mean

    @contextmanager
    def take(self, words: str) -> Iterator[None]:
        """Wait for a turn; the visitor is told after a second, with how long it may take.

        Args:
            words: for the visitor, with {seconds} in them.

        Raises:
            gr.Error: too many wait.
            LeftError: the caller left while waiting.
        """
        self._enter(words)
        begun = time.monotonic()
        try:
            yield
        finally:
            with self._change:
                self._active -= 1
                self._seconds += 0.2 * (time.monotonic() - begun - self._seconds)
                self._change.notify_all()

    def _enter(self, words: str) -> None:
        me, begun, told = object(), time.monotonic(), False
        with self._change:
            expected = self._expected(len(self._waiting))
            if expected > self._patience or len(self._waiting) >= self._most:
                raise _busy(expected)
            self._waiting.append(me)
            try:
                while self._active >= self._slots or self._waiting[0] is not me:
                    self._change.wait(_LOOK)
                    stop_for_nobody()
                    if time.monotonic() - begun > _LONGEST * self._patience:
                        raise _busy(self._expected(self._waiting.index(me)))
                    if not told and time.monotonic() - begun > _TOLD:
                        told = True
                        expected = self._expected(self._waiting.index(me))
                        gr.Info(words.format(seconds=max(1, round(expected))))
                self._active += 1
            finally:
                self._waiting.remove(me)
                self._change.notify_all()

    def _expected(self, before: int) -> float:
        """Seconds until a work with so many others before it has its turn."""
        return 0.0 if self._active < self._slots else self._seconds * (before + 1) / self._slots
