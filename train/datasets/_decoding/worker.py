"""One of the processes that decode images: it reads tasks from stdin and answers with outcomes on stdout.

python -m diabolo.train.datasets._decoding.worker JOB
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
import warnings
from dataclasses import dataclass
from typing import IO, NamedTuple

import numpy as np

from diabolo.train.datasets._decoding.decode import PassingError, Size, decode, measure
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.errors import DataError

__all__ = ["Job", "Outcome", "Place", "Task", "decode_into", "open_target"]

_TELL = 0.2  # seconds after which a process tells what it has done so far

Place = tuple[int, int, int]  # where a picture of its own size begins, in pixels; height, width
Task = tuple[int, str] | tuple[int, str, Place]  # a row, and the file whose image goes there


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is done with each file: it is decoded and written to its row of `target`, or to its task's place.

    Attributes:
        target: a file of `rows x channels x height x width` bytes, or of all places.
        size: `(height, width)` in pixels of the rows.
        channels: 1 or 3.
        measure: whether only the sizes are read, from the headers, and nothing is written.
    """

    target: str
    size: Size
    channels: int
    fitting: Fitting
    measure: bool = False


class Outcome(NamedTuple):
    """The result for a file: its size before resizing and what its pixels are, or why it cannot be read."""

    row: int
    size: Size = (0, 0)  # (height, width), pixels
    grey: bool = False
    reason: str = ""
    passing: bool = False  # the reason is temporary, and not the file's fault
    peak: int = 0  # the largest value of the result, 0 to 255
    values: tuple[float, float, float] | None = None  # as in `Decoded`


def open_target(job: Job) -> IO[bytes]:
    # unbuffered: what is written reaches the file even if this process dies
    return open(job.target, "r+b", buffering=0)  # noqa: PTH123


def decode_into(job: Job, target: IO[bytes], row: int, path: str, place: Place | None = None) -> Outcome:
    try:
        if job.measure:
            size, grey = measure(path)
            return Outcome(row=row, size=size, grey=grey)
        image = decode(path, None if place else job.size, job.fitting)
    except DataError as error:
        return Outcome(row=row, reason=str(error), passing=isinstance(error, PassingError))
    start, height, width = place or (row * job.size[0] * job.size[1], *job.size)
    if image.pixels.shape[1:] != (height, width):  # what follows in the target belongs to other pictures
        found = "{1} x {0}".format(*image.size)
        return Outcome(row=row, reason=f"its header says {width} x {height} pixels, and it has {found}")
    channels = image.pixels[: job.channels]  # colour is dropped; the outcome says that it is not grey
    # grey among colour fills all three
    pixels = np.ascontiguousarray(np.broadcast_to(channels, (job.channels, height, width)))
    target.seek(start * job.channels)
    if target.write(pixels.reshape(-1).data) != pixels.size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    peak, grey = int(image.pixels.max()), len(image.pixels) == 1
    return Outcome(row=row, size=image.size, grey=grey, peak=peak, values=image.values)


def _main() -> None:
    values = json.loads(sys.argv[1])
    size, fitting = values["fitting"]["image_size"], values["fitting"]
    fitting["image_size"] = tuple(size) if size else None
    job = Job(**values | {"fitting": Fitting(**fitting), "size": tuple(values["size"])})
    warnings.simplefilter("ignore")
    with open_target(job) as target:
        print("ready", flush=True)  # noqa: T201 - the pipe to the process that asked
        for line in sys.stdin:
            _do(job, target, json.loads(line))


def _do(job: Job, target: IO[bytes], tasks: list[Task]) -> None:
    outcomes: list[Outcome] = []
    told = time.monotonic()
    for task in tasks:
        try:
            outcomes.append(decode_into(job, target, *task))
        except OSError as error:  # the target's: an image's own are its outcome
            print(json.dumps({"errno": error.errno, "reason": error.strerror}), flush=True)  # noqa: T201
            return
        if time.monotonic() - told > _TELL or len(outcomes) == len(tasks):
            print(json.dumps(outcomes), flush=True)  # noqa: T201
            tasks, outcomes, told = tasks[len(outcomes) :], [], time.monotonic()


if __name__ == "__main__":
    _main()
