"""The course: labs in two languages, as notebooks, and checks of their exercises.

A lab is a folder in `labs/`: `lab.toml`, a text for each language, and the files that a student gets. What a
lab's code imports from here is small, and a student may read all of it.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diabolo.course.pictures import picture_grid
    from diabolo.course.training import train_or_open

__all__ = ["picture_grid", "train_or_open"]

_HOMES = {"picture_grid": "pictures", "train_or_open": "training"}


def _find_commands() -> None:
    """Let a notebook's `!diabolo` find the command where Jupyter's environment was not activated."""
    folder, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = f"{path}{os.pathsep}{folder}" if path else folder


if "ipykernel" in sys.modules:
    _find_commands()


def __getattr__(name: str) -> Any:
    # listing the labs must not import torch
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
