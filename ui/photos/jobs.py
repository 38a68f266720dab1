"""The computation that is under way for a visitor's page: a newer one replaces it, and a button stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from diabolo.ui.work import stop_if_disconnected

__all__ = ["Job", "Jobs", "StoppedError"]


class StoppedError(Exception):
    """The visitor stopped the computation, or began another."""


class Job:
    """A computation.

    Attributes:
        replaced: whether a newer one took its place; nothing of it may reach the page then.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.replaced = False

    def stop(self) -> None:
        """Let the next `check` raise."""
        self._stopped.set()

    def check(self, *_progress: object) -> None:
        """To be called after each tile.

        Raises:
            LeftError: the visitor has left.
            StoppedError: it was stopped.
        """
        stop_if_disconnected()
        if self._stopped.is_set():
            raise StoppedError


class Jobs:
    """The computations of all visitors, one each."""

    def __init__(self) -> None:
        self._jobs: dict[str | None, Job] = {}
        self._lock = threading.Lock()

    @contextmanager
    def begin(self, visitor: str | None) -> Iterator[Job]:
        """A computation that lasts as long as the block; it stops the visitor's earlier one.

        Args:
            visitor: the session of the visitor's page; programs without one do not stop each other.
        """
        job = Job()
        with self._lock:
            earlier = self._jobs.pop(visitor, None) if visitor else None
            if earlier is not None:
                earlier.replaced = True
                earlier.stop()
            if visitor:
                self._jobs[visitor] = job
        try:
            yield job
        finally:
            with self._lock:
                if visitor and self._jobs.get(visitor) is job:
                    del self._jobs[visitor]

    def stop(self, visitor: str | None) -> None:
        """Stop what is under way for this visitor, if anything is."""
        with self._lock:
            job = self._jobs.get(visitor)
        if job is not None:
            job.stop()
