"""Names of files that are made of many others: no two are the same."""

from __future__ import annotations

from pathlib import PurePosixPath

__all__ = ["UniqueNames"]


class UniqueNames:
    """Hands out each name once: the second 'x.png' becomes 'x-2.png', whatever the case of its letters."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, ending: str = ".png") -> str:
        """`name`, which may hold '/', with another ending, numbered where it is taken."""
        path = PurePosixPath(name)
        stem, number = str(path.with_suffix("")) if path.suffix else name, 1
        new = stem + ending
        while new.casefold() in self._taken:
            number += 1
            new = f"{stem}-{number}{ending}"
        self._taken.add(new.casefold())
        return new
