"""Limits how much one request may compute, and queues large computations; small ones run at once."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import gradio as gr

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UsageError
from diabolo.ui.guard.caller import gone
from diabolo.ui.refused import busy

__all__ = ["VALUES", "LeftError", "Turns", "check_frames", "check_pictures", "large", "stop_if_disconnected"]

SLOTS = max(1, (os.cpu_count() or 1) // 2)  # large computations at a time; the other CPUs are for small ones
VALUES = 50_000_000  # numbers in all pictures of one request, at most
LARGE = 4_000_000  # pixels or numbers from which a request is queued: about half a second of work
DRAWN = 32_000_000  # pixels in all frames of an animation, at the size at which they are drawn
_MESSAGE_AFTER = 1.0  # seconds of waiting after which the visitor gets a message
_LONGEST = 3  # waits at most this many times `patience`: others may take longer than expected
_LOOK = 0.1  # seconds between two checks whether the caller is still connected


class LeftError(gr.Error):
    """The caller has disconnected, so nobody reads this."""

    def __init__(self) -> None:
        super().__init__("the caller has left.", print_exception=False)


def stop_if_disconnected() -> None:
    """Stop if the caller has disconnected.

    Raises:
        LeftError: the caller has disconnected.
    """
    if gone():
        raise LeftError


def check_pictures(count: int, shape: tuple[int, int, int]) -> None:
    """Check that `count` pictures of a shape `(channels, height, width)` are not too many for one request.

    Raises:
        UsageError: they are too many; the message gives the largest number.
    """
    channels, height, width = shape
    _check(count, channels * height * width, VALUES, f"{width} x {height}")


def check_frames(count: int, size: tuple[int, int]) -> None:
    """Check that `count` frames of a size `(width, height)` are not too many for one animation.

    Raises:
        UsageError: they are too many; the message gives the largest number.
    """
    width, height = size
    _check(count, width * height, DRAWN, f"{width} x {height}")


def _check(count: int, each: int, most: int, size: str) -> None:
    if count * each > most:
        raise UsageError(
            f"{count:,} pictures of {size} are more than one request may ask for; at most {most // each:,}. "
            "Ask for fewer, or use the command line, which has no such limit."
        )


def large(count: int, size: tuple[int, ...]) -> bool:
    """Whether `count` pictures of this size are a large computation, which has to wait for its turn."""
    return count * prod(size) > LARGE


def _busy(seconds: float) -> gr.Error:
    return busy(f"the app is busy: your turn would come in about {seconds:.0f} seconds. Try again later.")


class Turns:
    """A queue for large computations, first come, first served.

    Args:
        slots: how many may run at the same time.
        patience: the longest expected waiting time, in seconds; beyond it, requests are refused. The expected
            time is estimated from the last computations.
        waiting: how many may wait. Each waiting one holds a thread of the server, and small computations need
            threads, too.
    """

    def __init__(self, slots: int = SLOTS, patience: float = 60.0, waiting: int = 16) -> None:
        self._slots = slots
        self._patience = patience
        self._most = waiting
        self._change = threading.Condition()
        self._active = 0
        self._waiting: deque[object] = deque()
        self._seconds = 1.0  # duration of a computation, a running mean

    @contextmanager
    def take(self, words: str) -> Iterator[None]:
        """Wait for a turn, which lasts as long as the block.

        Args:
            words: the message to the visitor after a second of waiting; '{seconds}' in it is replaced by the
                expected waiting time. '' for no message.

        Raises:
            gr.Error: too many are waiting.
            LeftError: the caller disconnected while waiting.
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
        ticket, begun, informed = object(), time.monotonic(), False
        with self._change:
            expected = self._expected(len(self._waiting))
            if expected > self._patience or len(self._waiting) >= self._most:
                raise _busy(expected)
            self._waiting.append(ticket)
            try:
                while self._active >= self._slots or self._waiting[0] is not ticket:
                    self._change.wait(_LOOK)
                    stop_if_disconnected()
                    if time.monotonic() - begun > _LONGEST * self._patience:
                        raise _busy(self._expected(self._waiting.index(ticket)))
                    if words and not informed and time.monotonic() - begun > _MESSAGE_AFTER:
                        informed = True
                        expected = self._expected(self._waiting.index(ticket))
                        gr.Info(words.format(seconds=max(1, round(expected))))
                self._active += 1
            finally:
                self._waiting.remove(ticket)
                self._change.notify_all()

    def _expected(self, before: int) -> float:
        """The expected waiting time, in seconds, with `before` others ahead in the queue."""
        return 0.0 if self._active < self._slots else self._seconds * (before + 1) / self._slots


__getattr__ = old_names(__name__, {"stop_for_nobody": "stop_if_disconnected"})
