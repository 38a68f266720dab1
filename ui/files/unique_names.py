"""Unique names for output files."""

from __future__ import annotations

from pathlib import PurePosixPath

__all__ = ["UniqueNames"]


class UniqueNames:
    """Returns each name once: a second 'x.png' becomes 'x-2.png'; upper and lower case count as equal."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, ending: str = ".png") -> str:
        """`name`, which may contain '/', with this ending, and with a number if the name is taken."""
        path = PurePosixPath(name)
        stem, number = str(path.with_suffix("")) if path.suffix else name, 1
        new = stem + ending
        while new.casefold() in self._taken:
            number += 1
            new = f"{stem}-{number}{ending}"
        self._taken.add(new.casefold())
        return new
