"""Which files of a folder are images, the class and the split of each, and when it was last changed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diabolo.runtime.listing import Contents, contents, explain, is_new, leads_up, left_out, printable
from diabolo.train.datasets._splits import File, arranged, base_of, inner_of, questions, splits_in
from diabolo.train.errors import DataError

__all__ = ["File", "Listing", "list_skipped", "scan", "told"]

_NAMED = 3  # broken files named in a message


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The contents of a folder.

    Attributes:
        files: the image files, sorted by name.
        skipped: names and reasons of what cannot be read; the names of folders end in '/'.
        notes: messages for the user about what is ignored.
    """

    files: list[File]
    skipped: list[tuple[str, str]]
    notes: list[str]


def scan(root: Path) -> Listing:
    """List a folder with images, with a sub-folder per class, or with folders for splits of either kind.

    Files and folders whose names start with a dot are ignored. A link to a folder is followed if it is a
    class and does not lead back up; within a class, links to folders are not followed. No folder is read
    twice, even if it has several names.

    Raises:
        DataError: the folder itself cannot be read.
    """
    walk = _Walk(root)
    base = base_of(root)
    held = walk.contents(base)
    parts = {split: f"{base}{name}" for split, name in splits_in(held).items()}
    found = {split: sorted(walk.classes(inner_of(root, f"{name}/"))) for split, name in parts.items()}
    outside = sorted(walk.top(held, base, but=[name.removeprefix(base) for name in parts.values()]))
    if base:
        outside += sorted(walk.top(walk.contents(""), "", but=[base.rstrip("/")]))
    files, notes = arranged(parts, found, outside)
    return Listing(files=files, skipped=walk.skipped, notes=notes + questions(root, files) + walk.notes())


class _Walk:
    """One walk over a folder: remembers what it could not read, and which folders it has seen."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: set[object] = set()
        self._again: list[str] = []  # folders that the walk has seen under another name
        self._other: Counter[str] = Counter()
        self.skipped: list[tuple[str, str]] = []

    def notes(self) -> list[str]:
        """Messages about what was ignored."""
        notes = []
        if self._again:
            named = _list([printable(name) for name in sorted(self._again)])
            notes.append(f"folders that lead to images of another folder are ignored: {named}")
        if self._other:
            notes.append(left_out(self._other))
        return notes

    def classes(self, base: str) -> Iterator[File]:
        """The image files in `base` (relative to the root, ending in '/') and in its sub-folders."""
        if self._is_new(self._root / base, base):
            yield from self.top(self.contents(base), base)

    def top(self, held: Contents, base: str, but: Container[str] = ()) -> Iterator[File]:
        """The image files of `base`, and those in the folders in it, each a class, except for `but`."""
        yield from self._files(held, base, None)
        top = (self._root / base).resolve()
        for name in (*held.folders, *held.links):  # a link to a class comes later
            if name not in but and not leads_up(self._root / base / name, top):
                yield from self._below(f"{base}{name}/", name)

    def _below(self, base: str, label: str) -> Iterator[File]:
        waiting = [base]
        while waiting:
            base = waiting.pop()
            if self._is_new(self._root / base, base):
                held = self.contents(base)
                waiting += [f"{base}{name}/" for name in held.folders]
                yield from self._files(held, base, label)

    def _is_new(self, folder: Path, base: str) -> bool:
        new = is_new(folder, self._seen)
        if not new:
            self._again.append(base.rstrip("/"))
        return new

    def contents(self, base: str) -> Contents:
        """The contents of `base`; what cannot be read is added to `skipped`."""
        try:
            held = contents(self._root / base)
        except OSError as error:
            if base:
                self.skipped.append((base, explain(error)))
                return Contents([], [], [], [], Counter())
            raise DataError(
                f"cannot read the folder {str(self._root)!r}: {error.strerror}. Allow reading it, or give "
                "another."
            ) from error
        self.skipped += [(base + name, reason) for name, reason in held.odd]
        self._other.update(held.other)
        return held

    def _files(self, held: Contents, base: str, label: str | None) -> Iterator[File]:
        for name in held.files:
            try:
                about = os.stat(os.path.join(self._root, base + name))  # noqa: PTH116, PTH118 - 200,000 times
            except OSError as error:  # it was removed, or the folder may be listed but not entered
                self.skipped.append((base + name, explain(error)))
            else:
                yield File(base + name, label, None, about.st_size, (about.st_mtime_ns, about.st_ctime_ns))


def list_skipped(skipped: Sequence[tuple[str, str]]) -> str:
    """The first few files that cannot be read, each with its reason, in one line."""
    return _list([f"{printable(name)} ({reason})" for name, reason in sorted(skipped)])


def told(skipped: Sequence[tuple[str, str]], good: int) -> tuple[str, ...]:
    """A note about the files and folders that cannot be read; none if there are none.

    Args:
        skipped: names and reasons; the names of folders end in '/'.
        good: files that can be read.
    """
    if not skipped:
        return ()
    folders = sum(name.endswith("/") for name, _ in skipped)
    files = len(skipped) - folders
    counts = [f"{files} of {files + good} files"] if files else []
    counts += [f"{folders} folder{'s' * (folders > 1)}"] if folders else []
    return (f"{' and '.join(counts)} cannot be read: {list_skipped(skipped)}",)


def _list(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
