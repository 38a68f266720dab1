"""The workers of an app: how many may run, who waits, and which one is stopped to make room."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from diabolo.ui.errors import BusyError
from diabolo.ui.sandbox._worker import Worker
from diabolo.ui.sandbox.limits import VisitorLimits

if TYPE_CHECKING:
    from diabolo.ui.sandbox._hosted import Hosted

__all__ = ["Pool"]

_LOOK = 0.2  # seconds between two checks whether a worker is idle


class Pool:
    """Limits the number of workers.

    Args:
        limits: of these, `workers`, `checks`, `waiting_in_all`, `checks_waiting` and `check_wait_s` are used
            here.
    """

    def __init__(self, limits: VisitorLimits) -> None:
        self.limits = limits
        self._hosted: weakref.WeakSet[Hosted] = weakref.WeakSet()
        self._free = threading.Condition()
        self._starting = 0
        self._waiting = self._checks_waiting = 0
        self._checks = threading.BoundedSemaphore(limits.checks)

    def add(self, hosted: Hosted) -> None:
        """Include this bundle's worker in the count."""
        with self._free:
            self._hosted.add(hosted)

    @property
    def alive(self) -> int:
        """How many bundles have a running worker."""
        return sum(hosted.running for hosted in list(self._hosted))

    @contextlib.contextmanager
    def queued(self) -> Iterator[None]:
        """Count the caller as waiting within the block.

        Raises:
            BusyError: too many are waiting.
        """
        with self._free:
            self._join()
        try:
            yield
        finally:
            with self._free:
                self._waiting -= 1

    @contextlib.contextmanager
    def place(self, late: float) -> Iterator[None]:
        """Make room to start a worker within the block, by stopping the longest idle one if needed.

        Args:
            late: the deadline, by `time.monotonic`.

        Raises:
            BusyError: all workers were busy until then, or too many callers are waiting.
        """
        with self._free:
            if not self._room():
                self._await_room(late)
            self._starting += 1
        try:
            yield
        finally:
            with self._free:
                self._starting -= 1

    @contextlib.contextmanager
    def checking(self, stop: Callable[[], None]) -> Iterator[Worker]:
        """Wait for a turn, then start a worker to check a bundle. The caller must stop it or pass it on.

        Args:
            stop: called again and again while it waits; whatever it raises ends the wait.

        Raises:
            BusyError: the wait was too long, or too many wait.
            ModelStoppedError: no process can be started.
        """
        if not self._checks.acquire(blocking=False):
            self._await_check(stop)
        try:
            yield Worker(self.limits, threading.Lock())
        finally:
            self._checks.release()

    def _await_check(self, stop: Callable[[], None]) -> None:
        late = time.monotonic() + self.limits.check_wait_s
        with self._free:
            if self._checks_waiting >= self.limits.checks_waiting:
                raise BusyError(f"{self._checks_waiting} uploads are already waiting. Try again in a minute.")
            self._checks_waiting += 1
        try:
            while not self._checks.acquire(timeout=_LOOK):
                stop()
                if time.monotonic() > late:
                    checks = self.limits.checks
                    raise BusyError(f"{checks} other bundles are being checked. Try again in a minute.")
        finally:
            with self._free:
                self._checks_waiting -= 1

    def _await_room(self, late: float) -> None:
        self._join()
        try:
            while not self._room():
                left = late - time.monotonic()
                if left <= 0:
                    raise BusyError(
                        f"all {self.limits.workers} processes for uploaded models are busy. "
                        "Try again in a moment."
                    )
                self._free.wait(min(left, _LOOK))
        finally:
            self._waiting -= 1

    def _join(self) -> None:
        if self._waiting >= self.limits.waiting_in_all:
            raise BusyError(
                f"{self._waiting} calls are already waiting for uploaded models. Try again in a moment."
            )
        self._waiting += 1

    def _room(self) -> bool:
        return self.alive + self._starting < self.limits.workers or self._stop_one()

    def _stop_one(self) -> bool:
        idle = sorted((hosted for hosted in self._hosted if hosted.running), key=lambda hosted: hosted.used)
        return any(hosted.stop_if_idle() for hosted in idle)
