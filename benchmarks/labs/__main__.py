"""Run labs in full, and store the pictures of their pages.

DIABOLO_DATA=DIR python -m benchmarks.labs [NUMBER ...]

prints what the cells print, and the minutes that each lab took.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.labs.run import run
from diabolo.course.catalogue import Lab, find, labs
from diabolo.course.take import take
from diabolo.course.text import Cell

__all__ = ["main"]


def main(words: list[str] | None = None) -> None:
    """Run the labs of these numbers, or all."""
    numbers = [int(word) for word in (sys.argv[1:] if words is None else words)]
    for lab in [find(number) for number in numbers] or labs():
        minutes = made(lab)
        print(f"lab {lab.number}: {minutes:.1f} minutes, {lab.minutes} said", flush=True)


def made(lab: Lab) -> float:
    """Run the English text in a folder as a student has it, exercises solved; the minutes that it took."""

    def keep(cell: Cell, value: Any) -> None:
        if cell.picture:
            save(value, lab.folder / cell.picture)

    def shell(line: str) -> None:
        subprocess.run(line, shell=True, check=True)  # noqa: S602 - the labs' own commands

    begun, before = time.monotonic(), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="diabolo-lab-") as scratch:
        folder = str(take(lab, Path(scratch, "lab"))[0].parent)
        if lab.exercise:
            shutil.copy(lab.folder / "solution.py", Path(folder, lab.exercise.file))
        os.chdir(folder)
        sys.path.insert(0, folder)
        try:
            run(lab.cells("en"), shell, keep)
        finally:
            sys.path.remove(folder)
            os.chdir(before)
    return (time.monotonic() - begun) / 60


def save(value: Any, path: Path) -> None:
    """Store what a cell shows: a PIL image, or a figure of matplotlib.

    Raises:
        TypeError: it is neither.
    """
    if hasattr(value, "savefig"):
        value.savefig(path, dpi=80, bbox_inches="tight")
    elif hasattr(value, "save"):
        value.save(path, optimize=True)
    else:
        raise TypeError(f"{path.name}: the last line of the cell makes {type(value).__name__}, no picture.")


if __name__ == "__main__":
    main()
