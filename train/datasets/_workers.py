"""Many files decoded at once, in processes of their own.

A process that dies on a file (a decoder's bug, the system's memory guard) costs that file, not the run.
The processes are started as commands, not by multiprocessing: that would run the caller's script again
in each of them unless it is guarded by `if __name__ == "__main__"`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import IO, NamedTuple

from diabolo.train.datasets._decode import Size, decode
from diabolo.train.datasets._fitting import Fitting
from diabolo.train.errors import DataError

__all__ = ["Job", "Outcome", "Task", "work"]

_ALONE = 20 * 2**20, 1000  # bytes and files up to which starting processes costs more than it saves
_CHUNKS = 8, 256  # files handed to a process at a time, at least and at most
_PROCESSES = 16  # at most

Task = tuple[int, str]  # a row, and the file whose image goes there


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is done with each file: decoded, and written into its row of `target`.

    Attributes:
        target: a file of `rows x channels x height x width` bytes.
        size: `(height, width)` in pixels.
        channels: 1 or 3.
    """

    target: str
    size: Size
    channels: int
    fitting: Fitting


class Outcome(NamedTuple):
    """What became of a file: its size before fitting and whether it is grey, or why it cannot be read."""

    row: int
    size: Size = (0, 0)  # (height, width), pixels
    grey: bool = False
    reason: str = ""


def work(job: Job, tasks: Sequence[Task], bytes_in_all: int) -> Generator[Outcome, None, None]:
    """The outcome of each task, in any order.

    Ending the iteration early ends the processes.
    """
    count = min(_cores(), _PROCESSES)
    few = bytes_in_all <= _ALONE[0] and len(tasks) <= _ALONE[1]
    if few or count < 2 or not sys.executable:
        yield from _here(job, tasks)
        return
    waiting: queue.SimpleQueue[list[Task]] = queue.SimpleQueue()
    chunk = min(max(_CHUNKS[0], len(tasks) // (16 * count)), _CHUNKS[1])
    for start in range(0, len(tasks), chunk):
        waiting.put(list(tasks[start : start + chunk]))
    done: queue.SimpleQueue[list[Outcome] | BaseException] = queue.SimpleQueue()
    hands = [_Hand(job, waiting, done) for _ in range(count)]
    try:
        for hand in hands:
            hand.start()
        left = len(tasks)
        while left:
            outcomes = done.get()
            if isinstance(outcomes, BaseException):
                raise outcomes
            left -= len(outcomes)
            yield from outcomes
    finally:
        for hand in hands:
            hand.stop()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(job: Job, tasks: Sequence[Task]) -> Iterator[Outcome]:
    with _target(job) as target:
        for task in tasks:
            yield _one(job, target, *task)


def _target(job: Job) -> IO[bytes]:
    # without a buffer: what is written is in the file, whatever becomes of this process
    return open(job.target, "r+b", buffering=0)  # noqa: PTH123


def _one(job: Job, target: IO[bytes], row: int, path: str) -> Outcome:
    try:
        image = decode(path, job.size, job.fitting)
    except DataError as error:
        return Outcome(row=row, reason=str(error))
    channels = image.pixels[: job.channels]  # one of colour is not kept: whoever asked finds it is not grey
    pixels = channels.tobytes() * (job.channels // len(channels))  # grey among colour fills all three
    target.seek(row * job.channels * job.size[0] * job.size[1])
    target.write(pixels)
    return Outcome(row=row, size=image.size, grey=len(image.pixels) == 1)


class _Hand(threading.Thread):
    """Feeds one process with chunks and collects its answers; starts another when it dies."""

    def __init__(
        self,
        job: Job,
        waiting: queue.SimpleQueue[list[Task]],
        done: queue.SimpleQueue[list[Outcome] | BaseException],
    ) -> None:
        super().__init__(daemon=True)
        self._job, self._waiting, self._done = job, waiting, done
        self._process: subprocess.Popen[str] | None = None
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
        """Have the tasks done; where the process dies of them, one by one, to find the one it dies of."""
        process = self._process = self._process or self._begin()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes, for mypy
        with contextlib.suppress(OSError):  # it may have died already; then there is no answer
            process.stdin.write(json.dumps(tasks) + "\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        if answer.endswith("\n"):
            self._done.put([Outcome(row, (h, w), grey, why) for row, (h, w), grey, why in json.loads(answer)])
            return
        self._end()
        if len(tasks) == 1:
            self._done.put([Outcome(tasks[0][0], reason="the decoder crashed on it")])
            return
        for task in tasks:
            if not self._stopped.is_set():
                self._chunk([task])

    def _begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", __name__]  # -P: no module of the working folder's
        failed = DataError(
            f"a process to decode images cannot be started: {' '.join(command)}. Install Diabolo anew."
        )
        try:
            process = subprocess.Popen(  # noqa: S603 - this very module
                [*command, json.dumps(asdict(self._job))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="ascii",
            )
        except OSError as error:
            raise failed from error
        assert process.stdout is not None  # noqa: S101 - a pipe, for mypy
        if process.stdout.readline() != "ready\n":
            process.kill()
            process.communicate()
            raise failed
        return process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def stop(self, wait: bool = True) -> None:
        """End the process; called by the thread itself when all is done, and by whoever gives up."""
        self._stopped.set()
        if wait:
            process = self._process
            if process is not None:
                process.kill()
            if self.ident is not None:
                self.join()
        else:
            self._end()


def _main() -> None:
    values = json.loads(sys.argv[1])
    size, fitting = values["fitting"]["image_size"], values["fitting"]
    fitting["image_size"] = tuple(size) if size else None
    job = Job(**values | {"fitting": Fitting(**fitting), "size": tuple(values["size"])})
    warnings.simplefilter("ignore")
    with _target(job) as target:
        print("ready", flush=True)  # noqa: T201 - the pipe to the process that asked
        for line in sys.stdin:
            outcomes = [_one(job, target, row, path) for row, path in json.loads(line)]
            print(json.dumps(outcomes), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main()
