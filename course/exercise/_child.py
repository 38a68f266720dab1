"""The process that executes a student's file: `python -m diabolo.course.exercise._child`.

Its standard output carries the events; what the student's code prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from diabolo.course.exercise._events import Events
from diabolo.course.exercise._exercise import Exercise
from diabolo.course.exercise._load import StudentFile
from diabolo.course.exercise._network import check_network
from diabolo.course.exercise._report import Mistake
from diabolo.course.exercise._training import check_learning, check_loop, check_training
from diabolo.runtime.errors import DiaboloError
from diabolo.train.datasets import ImageData, LoadRequest, load

__all__ = ["main"]


def main(words: list[str]) -> None:
    """Check a file.

    Args:
        words: the file, the exercise as JSON, the dataset ('' for none), a folder to search for it ('' for
            none), and a file for the traceback of a step that takes too long.
    """
    path, about, dataset, data_dir, trace_file = words
    exercise = Exercise.read(json.loads(about))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # at Ctrl-C, the process that waits ends this one
    with (
        Path(trace_file).open("w", encoding="utf-8") as trace,
        os.fdopen(os.dup(1), "w", encoding="utf-8") as out,
    ):
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        events = Events(out, trace)
        try:
            data = _loaded(dataset, data_dir, events) if exercise.training else None
            _check(Path(path), exercise, data, events)
        except Mistake as mistake:
            events.failed(mistake)
        except DiaboloError as error:  # ours, such as a dataset that is not here
            events.error(str(error))
        events.end()


def _loaded(dataset: str, data_dir: str, events: Events) -> ImageData:
    events.waiting("data")
    return load(dataset, LoadRequest(data_dir=Path(data_dir) if data_dir else None))


def _check(path: Path, exercise: Exercise, data: ImageData | None, events: Events) -> None:
    shape: Any = data.image_shape if data else exercise.image_shape
    events.step("load", exercise.patience)
    file = StudentFile(path)
    check_network(file, exercise, shape, events)
    if data is None:
        check_learning(file, exercise, shape, events)
    else:
        check_loop(file, exercise, shape, events)
        check_training(file, exercise, data, events)


if __name__ == "__main__":
    main(sys.argv[1:])
