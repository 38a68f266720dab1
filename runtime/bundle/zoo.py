"""The ready-made models of the package: every folder in `runtime/models` that has a model.json."""

from __future__ import annotations

import os
from pathlib import Path

from diabolo.runtime.errors import UsageError, closest

__all__ = ["folder", "locate", "missing", "name_of", "names"]

_LONGEST = 400  # characters of a path in a message
_MODELS = Path(__file__).parents[1] / "models"


def names() -> list[str]:
    """The names of the ready-made models, sorted; folders that begin with '.' or '_' are left out."""
    return sorted(
        path.parent.name for path in _MODELS.glob("*/model.json") if path.parent.name[0] not in "._"
    )


def folder(name: str) -> Path:
    """The folder of the ready-made model called `name`, which need not exist."""
    return _MODELS / name


def name_of(path: Path) -> str:
    """The name of the ready-made model in this folder, or ''."""
    return path.name if path == folder(path.name) else ""


def locate(source: str | Path) -> Path:
    """The path of a bundle: that of a ready-made model if `source` is a str with its name, else `source`.

    Raises:
        UsageError: `source` is neither a str nor a path.
    """
    if not isinstance(source, str | os.PathLike) or isinstance(os.fspath(source), bytes):
        raise UsageError(
            f"a bundle is given by its name or path, as a str or a Path, not as {type(source).__name__}."
        )
    return folder(source) if isinstance(source, str) and source in names() else Path(source)


def missing(source: str | Path) -> str:
    """The error message if there is no bundle at `source`."""
    known = names()
    nor = ", nor a ready-made one of that name" if known and isinstance(source, str) else ""
    shown = str(source) if len(str(source)) <= _LONGEST else f"{str(source)[:_LONGEST]} …"
    parts = [f"there is no bundle at {shown!r}{nor}."]
    if not isinstance(source, str) and (name := Path(source).name) in known:
        parts.append(
            f"A Path is always a folder; the ready-made model is given by its name, {name!r}, a str."
        )
    elif close := closest(Path(source).name, known):
        parts.append(f"Did you mean {close!r}?")
    if known:
        parts.append(f"Ready-made: {', '.join(known)}.")
    parts.append("Make one with: diabolo export RUN.")
    return " ".join(parts)
