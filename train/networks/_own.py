"""A user's own network: a Python file that the user names, and nothing else, is executed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from diabolo.train.errors import OptionError

__all__ = ["load", "split"]


def split(text: str) -> tuple[Path, str] | None:
    """The file and the class in `my_nets.py:MyNetwork`; None where `text` is no Python file's name."""
    path, colon, name = text.rpartition(":")
    if not colon or not path.endswith(".py"):  # a drive's colon on Windows is no separator
        path, name = text, ""
    return (Path(path), name) if path.endswith(".py") else None


def load(path: Path, name: str) -> Any:
    """What has the two classes: the class `name` of the file, or the file itself where `name` is empty.

    Raises:
        OptionError: the file is missing, cannot be executed, or lacks the class or one of the two.
    """
    module = _execute(path)
    if name and not hasattr(module, name):
        there = sorted(key for key, value in vars(module).items() if isinstance(value, type))
        raise OptionError(f"{path} has no class {name!r}; it has {', '.join(there) or 'none'}.")
    holder = getattr(module, name) if name else module
    lacking = [part for part in ("Encoder", "Decoder") if not callable(getattr(holder, part, None))]
    if lacking:
        where = f"{name} in {path}" if name else str(path)
        raise OptionError(
            f"{where} has no {' and no '.join(lacking)}. A network is two classes: "
            "Encoder(image_shape, outputs) and Decoder(image_shape, latent_dim)."
        )
    return holder


def _execute(path: Path) -> Any:
    if not path.is_file():
        raise OptionError(f"there is no file {str(path)!r}. Give --network the path of a Python file.")
    name = f"diabolo_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OptionError(f"{path} cannot be loaded as Python. Give --network the path of a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look a class's module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        raise OptionError(
            f"{path} fails when it is loaded: {type(error).__name__}: {error}{line}."
        ) from error
    return module
