"""Which files of a folder are images, what class and split each stands for, and when it last changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diabolo.train.datasets._decode import EXTENSIONS
from diabolo.train.errors import DataError

__all__ = ["File", "Listing", "list_skipped", "printable", "scan"]

_NAMED = 5  # broken files named in a message
_ENDS = tuple(f".{extension}" for extension in EXTENSIONS)


class File(NamedTuple):
    """A file that has an image's extension."""

    name: str  # relative to the root, with '/'
    label: str | None  # the sub-folder; None for a file that lies flat
    split: str | None  # 'train' or 'test' where the folder says so
    size: int  # bytes
    times: tuple[int, int]  # of its content and of its entry, nanoseconds


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a folder holds, sorted by name; what cannot be read, with the reason; what is left aside."""

    files: list[File]
    skipped: list[tuple[str, str]]
    notes: list[str]


def scan(root: Path) -> Listing:
    """List a folder: images flat, or in a sub-folder for each class, or so in `train` and `test`.

    Folders and files that start with a dot are left out. A link to a folder is followed where it stands for
    a class and does not lead back up; below that, links to folders are not, so that the walk ends.

    Raises:
        DataError: the folder itself cannot be read.
    """
    skipped: list[tuple[str, str]] = []
    everything = list(_class_folders(root, "", skipped))
    parts: dict[str, list[File]] = {}
    again: list[tuple[str, str]] = []  # what the walk over everything named, and links to classes
    for part in ("train", "test"):
        there = os.path.isdir(root / part)  # noqa: PTH112 - Path.is_dir() raises where access is denied
        found = _class_folders(root, f"{part}/", again) if there else ()
        parts[part] = sorted(file._replace(split=part) for file in found)
    if not all(parts.values()):
        return Listing(files=sorted(everything), skipped=skipped, notes=[])
    beside = sum(not file.name.startswith(("train/", "test/")) for file in everything)
    notes = [f"{beside} images beside the folders train and test are left aside"] if beside else []
    whole = list(dict.fromkeys(skipped + again))
    return Listing(files=parts["train"] + parts["test"], skipped=whole, notes=notes)


def _class_folders(root: Path, base: str, skipped: list[tuple[str, str]]) -> Iterator[File]:
    """The image files in `base` (relative to the root, empty or ending in '/') and in its sub-folders."""
    top = (root / base).resolve()
    for entry in _entries(root, base, skipped):
        if _is_folder(entry):
            if not top.is_relative_to(Path(entry.path).resolve()):
                yield from _walk(root, f"{base}{entry.name}/", entry.name, skipped)
        else:
            yield from _file(entry, base, None, skipped)


def _walk(root: Path, base: str, label: str, skipped: list[tuple[str, str]]) -> Iterator[File]:
    waiting = [base]
    while waiting:
        base = waiting.pop()
        for entry in _entries(root, base, skipped):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{base}{entry.name}/")
            elif not _is_folder(entry):
                yield from _file(entry, base, label, skipped)


def _entries(root: Path, base: str, skipped: list[tuple[str, str]]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / base) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        if base:
            skipped.append((base, _reason(error)))
            return []
        raise DataError(f"cannot read the folder {str(root)!r}: {error.strerror}.") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def _file(
    entry: os.DirEntry[str], base: str, label: str | None, skipped: list[tuple[str, str]]
) -> Iterator[File]:
    if not entry.name.lower().endswith(_ENDS):
        return
    name = base + entry.name
    try:
        about = entry.stat()
    except OSError as error:  # a link that leads nowhere, or to itself
        skipped.append((name, _reason(error)))
        return
    if stat.S_ISREG(about.st_mode):
        yield File(name, label, None, about.st_size, (about.st_mtime_ns, about.st_ctime_ns))
    else:
        skipped.append((name, "not a file"))  # a pipe would keep us waiting


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def list_skipped(skipped: Sequence[tuple[str, str]]) -> str:
    """The first few files that cannot be read, each with its reason, in one line."""
    named = [f"{printable(name)} ({reason})" for name, reason in sorted(skipped)[:_NAMED]]
    more = len(skipped) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def printable(name: str) -> str:
    """A file's name on one line; what cannot be printed is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
