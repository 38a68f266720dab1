"""Runs made by the command line, each in a process of its own, and kept where a folder is given."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def diabolo(*arguments: str) -> str:
    """What the command prints; its progress is seen."""
    command = [sys.executable, "-m", "diabolo.ui.cli", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def folder(keep: str | None) -> Iterator[Path]:
    """Where runs go: `keep`, or a folder that is gone afterwards."""
    if keep:
        yield Path(keep)
        return
    with TemporaryDirectory(prefix="diabolo-runs-") as scratch:
        yield Path(scratch)


def train(run: Path, *arguments: str) -> Path:
    """The run; one that is there already is continued if it is not complete, and used as it is if it is."""
    if not (run / "config.json").is_file():
        diabolo("train", *arguments, "-o", str(run))
    elif not (run / "metrics.json").is_file():
        print(f"{run}: continued; its minutes count the time between", file=sys.stderr)
        diabolo("train", arguments[0], "--resume", "-o", str(run))
    return run


def minutes(run: Path) -> float:
    """From the run's beginning to its last epoch."""
    began, ended = ((run / name).stat().st_mtime for name in ("config.json", "history.csv"))
    return (ended - began) / 60


def weights(run: Path) -> int:
    """How many numbers the run's model is made of, from the head of its safetensors file."""
    with (run / "model.safetensors").open("rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    total = 0
    for key, about in head.items():
        if key != "__metadata__":
            size = 1
            for side in about["shape"]:
                size *= side
            total += size
    return total
