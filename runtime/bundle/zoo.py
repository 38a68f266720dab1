"""The ready-made models that come with the package: a folder each in `models`, found by its model.json."""

from __future__ import annotations

from pathlib import Path

from diabolo.runtime.errors import closest

__all__ = ["folder", "locate", "missing", "names"]

_MODELS = Path(__file__).parents[1] / "models"


def names() -> list[str]:
    """The ready-made models by name, sorted; a name that begins with '.' or '_' is none."""
    return sorted(
        path.parent.name for path in _MODELS.glob("*/model.json") if path.parent.name[0] not in "._"
    )


def folder(name: str) -> Path:
    """The bundle of the ready-made model called `name`, whether there is one or not."""
    return _MODELS / name


def locate(source: str | Path) -> Path:
    """Where a bundle is meant to lie: a str that is a ready-made name is that model, all else is a path."""
    return folder(source) if isinstance(source, str) and source in names() else Path(source)


def missing(source: str | Path) -> str:
    """What to say where there is no bundle at `source`."""
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
