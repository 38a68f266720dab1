"""The ready-made models of the package: every folder in `runtime/models` that has a model.json."""

from __future__ import annotations

from pathlib import Path

from diabolo.runtime.errors import closest

__all__ = ["folder", "locate", "missing", "names"]

_MODELS = Path(__file__).parents[1] / "models"


def names() -> list[str]:
    """The names of the ready-made models, sorted; folders that begin with '.' or '_' are left out."""
    return sorted(
        path.parent.name for path in _MODELS.glob("*/model.json") if path.parent.name[0] not in "._"
    )


def folder(name: str) -> Path:
    """The folder of the ready-made model called `name`, which need not exist."""
    return _MODELS / name


def locate(source: str | Path) -> Path:
    """The path of a bundle: that of a ready-made model if `source` is a str with its name, else `source`."""
    return folder(source) if isinstance(source, str) and source in names() else Path(source)


def missing(source: str | Path) -> str:
    """The error message if there is no bundle at `source`."""
    known = names()
    parts = [
        f"there is no bundle at {str(source)!r}{', nor a ready-made one of that name' if known else ''}."
    ]
    if close := closest(Path(source).name, known):
        parts.append(f"Did you mean {close!r}?")
    if known:
        parts.append(f"Ready-made: {', '.join(known)}.")
    parts.append("Make one with: diabolo export RUN.")
    return " ".join(parts)
