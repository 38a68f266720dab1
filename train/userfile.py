"""Executing a Python file that the user has named; no other file is executed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from diabolo.train.errors import OptionError

__all__ = ["execute", "split"]


def split(text: str) -> tuple[Path, str] | None:
    """The path and the name in `my_nets.py:MyNetwork`; None if `text` does not name a Python file."""
    path, colon, name = text.rpartition(":")
    if not colon or not path.endswith(".py"):  # on Windows, the colon of a drive is not a separator
        path, name = text, ""
    return (Path(path), name) if path.endswith(".py") else None


def execute(path: Path) -> Any:
    """Execute the file, and return it as a module.

    Raises:
        OptionError: it is missing, or raises an error.
    """
    if not path.is_file():
        raise OptionError(f"there is no file {str(path)!r}. Give the path of a Python file.")
    name = f"diabolo_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OptionError(f"{path} cannot be loaded as Python. Give the path of a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look up the module of a class
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        raise OptionError(
            f"{path} fails when it is loaded: {type(error).__name__}: {error}{line}."
        ) from error
    return module
