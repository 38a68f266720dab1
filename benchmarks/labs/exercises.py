"""Check our own solutions of the exercises, and print the errors that a lab.toml states as ours.

DIABOLO_DATA=DIR python -m benchmarks.labs.exercises [NUMBER ...]
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from diabolo.course.catalogue import find, labs
from diabolo.course.exercise import check

__all__ = ["main"]

_SHOWN = ("yours", "pca", "mean")


def main(words: list[str] | None = None) -> None:
    """Check the solutions of these labs, or of all that are exercises."""
    numbers = [int(word) for word in (sys.argv[1:] if words is None else words)]
    for lab in [find(number) for number in numbers] or labs():
        if not (exercise := lab.exercise):
            continue
        for dataset in exercise.ours or [exercise.dataset]:
            begun = time.monotonic()
            report = check(replace(exercise, goal=100.0), lab.folder / "solution.py", dataset)
            told = report.failed.what("en") if report.failed else "all holds"
            shown = ", ".join(f"{name} {report.figures[name]:.4f}" for name in _SHOWN if report.figures)
            seconds = time.monotonic() - begun
            print(f"lab {lab.number}, {dataset}: {told}; {seconds:.0f} s; {shown}", flush=True)


if __name__ == "__main__":
    main()
