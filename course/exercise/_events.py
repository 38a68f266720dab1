"""Lines of JSON from the process that executes a student's file to the one that waits for it."""

from __future__ import annotations

import faulthandler
import json
from typing import IO, Any

from diabolo.course.exercise._report import Mistake

__all__ = ["Events"]


class Events:
    """Tell what happens, and end the process when a step takes too long.

    Args:
        out: where the lines go.
        trace: an open file; it gets the traceback of a step that took too long.
    """

    def __init__(self, out: IO[str], trace: IO[str]) -> None:
        self._out = out
        self._trace = trace

    def step(self, name: str, seconds: float) -> None:
        """A step begins, which may take this long; the one before is done."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._trace)
        self._say(step=name, seconds=seconds)

    def progress(self, done: int, total: int) -> None:
        """So many images of the current step are done; each hundredth part of all is told."""
        if done * 100 // total > (done - 1) * 100 // total:
            self._say(done=done, total=total)

    def advice(self, code: str, **values: Any) -> None:
        """Something works, but not as well as it could."""
        self._say(advice=code, values=values)

    def figures(self, **values: float) -> None:
        """Measured errors."""
        self._say(figures=values)

    def failed(self, mistake: Mistake) -> None:
        """The current step failed."""
        self._say(failed=mistake.code, values=mistake.values)

    def waiting(self, name: str) -> None:
        """Something of ours begins that may take a while."""
        self._say(waiting=name)

    def error(self, message: str) -> None:
        """The check cannot be done, through no fault of the student's."""
        self._say(error=message)

    def end(self) -> None:
        """Nothing more comes."""
        faulthandler.cancel_dump_traceback_later()
        self._say(end=True)

    def _say(self, **event: Any) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()
