"""A bundle in its worker, which is started when needed, and restarted a few times if it was stopped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import GraphError
from diabolo.ui.errors import BusyError, ModelStoppedError
from diabolo.ui.sandbox._worker import GoneError, Worker
from diabolo.ui.sandbox.pool import Pool

__all__ = ["Ask", "Hosted"]

_Array = NDArray[np.float32]
Ask = Callable[[str, _Array, tuple[int, ...]], _Array]
"""Called with the operation ('encode' and so on), its input, and the shape of its output."""


class Hosted:
    """A bundle that is run by a worker, one call at a time.

    Args:
        name: its name, for messages.
        path: the bundle.
        pool: the pool of all workers.
        thrown_out: called with the reason if its worker was stopped too often.
    """

    def __init__(self, name: str, path: Path, pool: Pool, thrown_out: Callable[[str], None]) -> None:
        self._name, self._path, self._pool, self._thrown_out = name, path, pool, thrown_out
        self._gate = threading.Lock()  # held during a call
        self._worker: Worker | None = None
        self._count = threading.Lock()
        self._waiting = self._kills = 0
        self._closed = ""  # why it is no longer run; '' while it is
        self.used = time.monotonic()
        pool.add(self)

    @property
    def running(self) -> bool:
        """Whether its worker is running."""
        worker = self._worker
        return worker is not None and not worker.ended

    @property
    def pid(self) -> int | None:
        """The process id of its worker, or None."""
        worker = self._worker
        return None if worker is None or worker.ended else worker.pid

    @contextlib.contextmanager
    def call(self, what: str) -> Iterator[Ask]:
        """Wait for a turn, then run a call of one or more requests, which together may take `call_s`.

        Args:
            what: the part that computes, for messages, such as 'encoder'.

        Raises:
            BusyError: too many calls are waiting, or the wait was too long.
            GraphError: onnxruntime failed.
            ModelStoppedError: the worker exceeded a limit, now or too often before.
        """
        limits = self._pool.limits
        late = time.monotonic() + limits.wait_s
        with self._turn(late):
            worker = self._started(late)
            first = worker.begin(limits.call_s)

            def ask(do: str, array: _Array, shape: tuple[int, ...]) -> _Array:
                header = {"do": do, "shape": list(array.shape), **first}
                first.clear()
                return _answer(worker, header, array, shape)

            try:
                yield ask
            except GoneError as error:
                raise self._stopped(worker, f"its {what} {error}") from None
            except GraphError:
                raise
            except BaseException:  # part of an answer may still be in the pipe
                worker.stop()
                raise
            finally:
                worker.rest()
                self.used = time.monotonic()

    def stop_if_idle(self) -> bool:
        """Stop its worker unless a call is running; return whether no call was running."""
        if not self._gate.acquire(blocking=False):
            return False
        try:
            if self._worker is not None:
                self._worker.stop()
                self._worker = None
            return True
        finally:
            self._gate.release()

    def close(self, why: str) -> None:
        """Stop its worker for good, even during a call.

        Args:
            why: the error message of further calls.
        """
        self._closed = self._closed or why
        if not self.stop_if_idle() and (worker := self._worker) is not None:
            worker.kill()  # the waiting caller cleans up

    def adopt(self, worker: Worker) -> None:
        """Take over a worker that has opened the bundle already, or stop it if there is no room for it."""
        try:
            with self._pool.place(0), self._gate:
                self._worker = worker.with_gate(self._gate)
        except BusyError:
            worker.stop()

    @contextlib.contextmanager
    def _turn(self, late: float) -> Iterator[None]:
        if not self._gate.acquire(blocking=False):
            self._wait(late)
        try:
            yield
        finally:
            self._gate.release()

    def _wait(self, late: float) -> None:
        most = self._pool.limits.waiting
        with self._pool.queued():
            with self._count:
                if self._waiting >= most:
                    raise BusyError(f"{most} calls are waiting for {self._name!r} already. Try again soon.")
                self._waiting += 1
            try:
                got = self._gate.acquire(timeout=max(0, late - time.monotonic()))
            finally:
                with self._count:
                    self._waiting -= 1
        if not got:
            raise BusyError(f"{self._name!r} is still busy with another call. Try again in a moment.")

    def _started(self, late: float) -> Worker:
        if self._closed:
            raise ModelStoppedError(self._closed)
        if self._worker is not None and not self._worker.ended:
            return self._worker
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        with self._pool.place(late):
            worker = self._worker = Worker(self._pool.limits, self._gate)
            header = worker.begin(self._pool.limits.check_s) | {"do": "open", "path": str(self._path)}
            try:
                answer = worker.ask(header)
            except GoneError as error:
                raise self._stopped(worker, f"its start {error}") from None
            worker.rest()
        if "error" in answer:
            worker.stop()
            raise GraphError(str(answer.get("reason")))
        return worker

    def _stopped(self, worker: Worker, reason: str) -> ModelStoppedError:
        """Clean up after the worker ended; returns the error for the visitor."""
        worker.stop()
        self._worker = None
        if self._closed:  # the model was removed meanwhile
            return ModelStoppedError(self._closed)
        self._kills += 1
        most = self._pool.limits.kills
        message = f"the model {self._name!r} was stopped: {reason}."
        if self._kills < most:
            return ModelStoppedError(
                f"{message} It restarts when it is next used, unless it was stopped {most} times."
            )
        self._closed = f"{message} It was stopped {most} times and is not restarted. Use another model."
        self._thrown_out(f"it was stopped {most} times, the last time since {reason}")
        return ModelStoppedError(self._closed)


def _answer(worker: Worker, header: dict[str, Any], array: _Array, shape: tuple[int, ...]) -> _Array:
    answer = worker.ask(header, array)
    if "error" in answer:
        raise GraphError(str(answer.get("reason")))
    return worker.array(answer, shape)
