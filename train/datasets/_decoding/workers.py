"""Decoding many files at once, in separate processes.

If a process crashes on a file (a decoder's bug, the system's out-of-memory killer) or hangs, only that file
is lost, not the run. The processes are started as commands rather than by multiprocessing, which would run
the caller's script again in each of them unless it is guarded by `if __name__ == "__main__"`.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict

from diabolo.runtime._numbers import cores as _cores
from diabolo.train.datasets._decoding import worker
from diabolo.train.datasets._decoding.memory import free
from diabolo.train.datasets._decoding.worker import Job, Outcome, Task, decode_into, open_target
from diabolo.train.errors import DataError

__all__ = ["Job", "Outcome", "Task", "work"]

_ALONE = 20 * 2**20, 1000  # bytes and files up to which a second process takes more time than it saves
_CHUNKS = 8, 256  # files handed to a process at a time, at least and at most
_PROCESSES = 16  # at most
_WORST = 2**30  # free bytes needed per process: 100 million pixels take 0.4 to 0.8 GB, 1.6 as WebP
_PATIENCE = 60.0  # seconds that a process may take for a file


def work(job: Job, tasks: Sequence[Task], bytes_in_all: int) -> Generator[Outcome, None, None]:
    """The outcome of each task, in any order.

    Ending the iteration early ends the processes. If none can be started, the files are decoded in this one.

    Raises:
        OSError: `job.target` cannot be written.
    """
    count = _count(len(tasks), bytes_in_all)
    first = _begin(job) if tasks else None
    if first is None:
        yield from _here(job, tasks)
        return
    waiting: queue.SimpleQueue[list[Task]] = queue.SimpleQueue()
    chunk = min(max(_CHUNKS[0], len(tasks) // (16 * count)), _CHUNKS[1])
    for start in range(0, len(tasks), chunk):
        waiting.put(list(tasks[start : start + chunk]))
    done: queue.SimpleQueue[list[Outcome] | BaseException] = queue.SimpleQueue()
    feeders = [_Feeder(job, waiting, done, None if number else first) for number in range(count)]
    try:
        for feeder in feeders:
            feeder.start()
        left = len(tasks)
        while left:
            outcomes = done.get()
            if isinstance(outcomes, BaseException):
                raise outcomes
            left -= len(outcomes)
            yield from outcomes
    finally:
        for feeder in feeders:
            feeder.stop()


def _count(files: int, bytes_in_all: int) -> int:
    """The number of processes: one per core, as far as memory allows."""
    if bytes_in_all <= _ALONE[0] and files <= _ALONE[1]:
        return 1
    return max(1, min(_cores(), _PROCESSES, free() // _WORST))


def _here(job: Job, tasks: Sequence[Task]) -> Iterator[Outcome]:
    with open_target(job) as target:
        for task in tasks:
            yield decode_into(job, target, *task)


Process = subprocess.Popen[str]


def _begin(job: Job) -> Process | None:
    """Start a process that waits for tasks; None if that is not possible."""
    if not sys.executable or getattr(sys, "frozen", False):  # a packed program is not a Python interpreter
        return None
    command = [sys.executable, "-P", "-m", worker.__name__]  # -P: import nothing from the working directory
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, json.dumps(asdict(job))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
        )
    except OSError:
        return None
    try:
        ready = _answer(process)[0] == "ready\n"
    except BaseException:
        _end(process)
        raise
    if not ready:
        _end(process)
    return process if ready else None


def _answer(process: Process) -> tuple[str, bool]:
    """The process's next line, '' if there is none, and whether it was ended because it took too long."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(_PATIENCE, give_up)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None  # noqa: S101 - a pipe, for mypy
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    return (line, False) if line.endswith("\n") else ("", late.is_set())


def _end(process: Process) -> int:
    """End the process; returns its exit status."""
    with contextlib.suppress(OSError):  # it may have ended with unread tasks in its pipe
        process.kill()
        process.communicate()
    return process.wait()


class _Feeder(threading.Thread):
    """Gives chunks of tasks to one process and collects its answers; starts another one if it dies."""

    def __init__(
        self,
        job: Job,
        waiting: queue.SimpleQueue[list[Task]],
        done: queue.SimpleQueue[list[Outcome] | BaseException],
        process: Process | None,
    ) -> None:
        super().__init__(daemon=True)
        self._job, self._waiting, self._done, self._process = job, waiting, done, process
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    tasks = self._waiting.get_nowait()
                except queue.Empty:
                    return
                self._chunk(tasks)
        except BaseException as error:  # noqa: BLE001 - raised again where the outcomes are read
            self._done.put(error)
        finally:
            self.stop(wait=False)

    def _chunk(self, tasks: list[Task]) -> None:
        """Have the tasks done; if the process dies, one by one, to find the one that causes it."""
        process = self._process = self._process or _begin(self._job)
        if process is None:
            raise DataError(
                f"a process to decode images cannot be started: {sys.executable} -m {worker.__name__}. "
                "Free some memory or end other programs, and try again, or reinstall Diabolo."
            )
        assert process.stdin is not None  # noqa: S101 - a pipe, for mypy
        with contextlib.suppress(OSError):  # it may have died already; then there is no answer
            process.stdin.write(json.dumps(tasks) + "\n")
            process.stdin.flush()
        left = {task[0]: task for task in tasks}
        while left:
            line, late = _answer(process)
            if not line:
                break
            answer = json.loads(line)
            if isinstance(answer, dict):
                raise OSError(answer["errno"], answer["reason"])
            outcomes = [Outcome(row, (h, w), *rest) for row, (h, w), *rest in answer]
            for outcome in outcomes:
                del left[outcome.row]
            self._done.put(outcomes)
        else:
            return
        status, self._process = _end(process), None
        if len(left) == 1:
            reason, passing = _blame(status, late)
            self._done.put([Outcome(row, reason=reason, passing=passing) for row in left])
            return
        for task in left.values():
            if not self._stopped.is_set():
                self._chunk([task])

    def stop(self, wait: bool = True) -> None:
        """End the process; called by the thread itself when all is done, or by the caller to stop early."""
        self._stopped.set()
        process = self._process
        if wait and self.ident is not None:
            if process is not None:
                process.kill()
            self.join()
        elif process is not None:
            _end(process)
            self._process = None


def _blame(status: int, late: bool) -> tuple[str, bool]:
    """Why a process died, and whether the reason may be temporary."""
    if late:
        return "the decoder did not end", True
    if status == -getattr(signal, "SIGKILL", 9):
        return "the system ended the decoder, for lack of memory most likely", True
    return "the decoder crashed on it", False
