"""Run a check in a process of its own, and wait for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from diabolo.course.errors import LabError
from diabolo.course.exercise._exercise import Exercise
from diabolo.course.exercise._report import Finding, Mistake, Report
from diabolo.course.exercise._source import check_source
from diabolo.runtime.errors import MissingPackageError, UnknownNameError

__all__ = ["check"]

Told = Callable[[str, int, int], object]


def check(
    exercise: Exercise,
    path: str | Path,
    dataset: str = "",
    data_dir: str | Path | None = None,
    told: Told = lambda _step, _done, _total: None,
) -> Report:
    """Check a student's file. It is executed, in a process of its own, with this process's rights.

    Args:
        exercise: what it is an answer to.
        path: of the file.
        dataset: to train on, one of `exercise.ours`; the exercise's own if it is empty.
        data_dir: a folder that is searched for the dataset first.
        told: called with the name of each step, and how many of how many images it has done.

    Returns:
        What holds, the first thing that does not, and the errors if the file trains.

    Raises:
        LabError: there is no such file, or the dataset cannot be loaded.
        UnknownNameError: the exercise has no figures for the dataset.
        MissingPackageError: torch is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise LabError(f"there is no file {str(path)!r}. Give the path of your {exercise.file}.")
    if find_spec("torch") is None:
        raise MissingPackageError(
            'the check needs torch, which is not installed. Install it: pip install "diabolo[train]"'
        )
    dataset = dataset or exercise.dataset
    if exercise.training and dataset not in exercise.ours:
        raise UnknownNameError("dataset of this exercise", dataset, exercise.ours)
    try:
        check_source(path)
    except Mistake as mistake:
        return Report(passed=(), failed=Finding(code=mistake.code, values=mistake.values))
    with tempfile.TemporaryDirectory(prefix="diabolo-check-") as scratch:
        trace = Path(scratch, "trace.txt")
        words = [str(path), json.dumps(asdict(exercise)), dataset, str(data_dir or ""), str(trace)]
        child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "diabolo.course.exercise._child", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONUTF8": "1"},
            text=True,
            encoding="utf-8",
        )
        try:
            return _Waiting(path, trace, told).report(child)
        finally:
            child.kill()
            child.wait()
            if child.stdout:
                child.stdout.close()


class _Waiting:
    """The events of a check, as they come."""

    def __init__(self, path: Path, trace: Path, told: Told) -> None:
        self._path, self._trace, self._told = path, trace, told
        self._steps: list[str] = ["source"]
        self._seconds = 0.0
        self._advice: list[Finding] = []
        self._figures: dict[str, float] = {}
        self._failed: Finding | None = None
        self._ended = False

    def report(self, child: subprocess.Popen[str]) -> Report:
        self._told("source", 0, 0)
        for line in child.stdout or ():
            self._take(json.loads(line))
        if not self._ended and not self._failed:
            self._failed = self._died(child.wait())
        return Report(
            passed=tuple(self._steps[:-1] if self._failed else self._steps),
            failed=self._failed,
            advice=tuple(self._advice),
            figures=self._figures,
        )

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"step": name, "seconds": seconds}:
                self._steps.append(name)
                self._seconds = seconds
                self._told(name, 0, 0)
            case {"waiting": name}:
                self._told(name, 0, 0)
            case {"done": done, "total": total}:
                self._told(self._steps[-1], done, total)
            case {"advice": code, "values": values}:
                self._advice.append(Finding(code=code, values=values))
            case {"figures": values}:
                self._figures = values
            case {"failed": code, "values": values}:
                self._failed = Finding(code=code, values=values)
            case {"error": message}:
                raise LabError(message)
            case {"end": True}:
                self._ended = True

    def _died(self, status: int) -> Finding:
        """Why the process ended early: it took too long, or it crashed."""
        trace = self._trace.read_text("utf-8") if self._trace.is_file() else ""
        if "Timeout" not in trace:
            return Finding(code="crashed", values={"status": status})
        name = re.escape(str(self._path.resolve()))
        line = re.search(rf'File "{name}", line (\d+) in (\S+)', trace)
        code = "endless" if line else "slow"
        values = {"line": line[1], "where": line[2]} if line else {}
        return Finding(code=code, values=values | {"seconds": round(self._seconds)})
