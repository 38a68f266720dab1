"""Which files of a folder are images, what class and split each stands for, and when it last changed."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from diabolo.train.datasets._decode import EXTENSIONS
from diabolo.train.errors import DataError

__all__ = ["File", "Listing", "list_skipped", "printable", "scan"]

_NAMED = 3  # broken files named in a message
_ENDS = tuple(f".{extension}" for extension in EXTENSIONS)
_OTHER = (  # images, too, of kinds that are not read
    *("heic", "heif", "avif", "jxl", "jp2", "j2k", "svg", "svgz", "tga", "ico", "icns", "psd", "xcf", "eps"),
    *("exr", "hdr", "dds", "pcx", "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "dcm"),
)
_HELD_OUT = ("val", "valid", "validation")  # beside `train`, these are no classes

_Entry: TypeAlias = "os.DirEntry[str]"


class File(NamedTuple):
    """A file that has an image's extension."""

    name: str  # relative to the root, with '/'
    label: str | None  # the sub-folder; None for a file that lies flat
    split: str | None  # 'train' or 'test' where the folder says so
    size: int  # bytes
    times: tuple[int, int]  # of its content and of its entry, nanoseconds


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a folder holds, sorted by name; what cannot be read, with the reason; what is left aside.

    The names of folders in `skipped` end in '/'.
    """

    files: list[File]
    skipped: list[tuple[str, str]]
    notes: list[str]


def scan(root: Path) -> Listing:
    """List a folder: images flat, or in a sub-folder for each class, or so in `train` and `test`.

    Files and folders that start with a dot are left out. A link to a folder is followed where it stands for
    a class and does not lead back up; below that, links to folders are not. No folder is read twice, whatever
    names it has.

    Raises:
        DataError: the folder itself cannot be read.
    """
    walk = _Walk(root)
    entries = walk.entries("")
    parts = _parts(entries)
    found = {part: sorted(walk.classes(f"{entry.name}/")) for part, entry in parts.items()}
    beside = sorted(walk.top([entry for entry in entries if entry not in parts.values()], ""))
    files, notes = _arranged(parts, found, beside)
    return Listing(files=files, skipped=walk.skipped, notes=notes + walk.notes())


def _parts(entries: Iterable[_Entry]) -> dict[str, _Entry]:
    """The folders `train` and `test`, in any case; of several the first."""
    parts: dict[str, _Entry] = {}
    for part in ("train", "test"):
        named = [entry for entry in entries if entry.name.lower() == part and _is_folder(entry)]
        if named:
            parts[part] = max(named, key=lambda entry: (entry.name == part, _is_real(entry)))
    return parts


def _arranged(
    parts: dict[str, _Entry], found: dict[str, list[File]], beside: list[File]
) -> tuple[list[File], list[str]]:
    """The files with their splits and classes, and what is to be said about the folders."""
    train, test = found.get("train", []), found.get("test", [])
    if train and test:
        files = [f._replace(split=part) for part, group in found.items() for f in group]
        return files, _aside(beside, "the folders train and test")
    if not train and not test:
        return beside, []
    lone, other = ("train", "test") if train else ("test", "train")
    lacking = f"the folder {other} holds no images" if other in parts else f"there is no folder {other}"
    if train and not _one_of_several(train, beside):
        note = f"{lacking}: part of the images in {parts[lone].name} are drawn for the test"
        return train, [note, *_aside(beside, f"the folder {parts[lone].name}")]
    as_class = [file._replace(label=parts[lone].name) for file in train or test]
    note = f"{lacking}: the folder {parts[lone].name} is taken for a class"
    return sorted(as_class + beside), [note]


def _one_of_several(train: list[File], beside: list[File]) -> bool:
    """Whether the folder `train` is a class like those beside it: of trains, for instance."""
    others = {file.label for file in beside if file.label is not None}
    return all(file.label is None for file in train) and any(x.lower() not in _HELD_OUT for x in others)


def _aside(beside: list[File], what: str) -> list[str]:
    return [f"{len(beside)} images beside {what} are left aside"] if beside else []


class _Walk:
    """One walk over a folder: what it could not read, and where it has been."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: set[object] = set()
        self._again: list[str] = []  # folders that lead where the walk has been
        self._other: Counter[str] = Counter()
        self.skipped: list[tuple[str, str]] = []

    def notes(self) -> list[str]:
        """What was left aside."""
        notes = []
        if self._again:
            named = _list([printable(name) for name in sorted(self._again)])
            notes.append(f"folders that lead to images of another folder are left aside: {named}")
        if self._other:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self._other.items()))
            notes.append(f"files of kinds that are not read are left aside: {kinds}")
        return notes

    def classes(self, base: str) -> Iterator[File]:
        """The image files in `base` (relative to the root, ending in '/') and in its sub-folders."""
        if self._is_new(self._root / base, base):
            yield from self.top(self.entries(base), base)

    def top(self, entries: Iterable[_Entry], base: str) -> Iterator[File]:
        """The image files among the entries of `base` and in the folders among them, each a class."""
        top = (self._root / base).resolve()
        for entry in sorted(entries, key=lambda entry: not _is_real(entry)):  # a link to a class comes later
            if not _is_folder(entry):
                yield from self._file(entry, base, None)
            elif not top.is_relative_to(Path(entry.path).resolve()):
                yield from self._below(f"{base}{entry.name}/", entry.name)

    def _below(self, base: str, label: str) -> Iterator[File]:
        waiting = [base]
        while waiting:
            base = waiting.pop()
            if not self._is_new(self._root / base, base):
                continue
            for entry in self.entries(base):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{base}{entry.name}/")
                elif not _is_folder(entry):
                    yield from self._file(entry, base, label)

    def _is_new(self, folder: Path, base: str) -> bool:
        try:
            about = folder.stat()
        except OSError:
            return True  # reading it will tell why
        one: object = (about.st_dev, about.st_ino) if about.st_ino else folder.resolve()
        if one in self._seen:
            self._again.append(base.rstrip("/"))
            return False
        self._seen.add(one)
        return True

    def entries(self, base: str) -> list[_Entry]:
        """What lies in `base`, sorted, without what starts with a dot."""
        try:
            with os.scandir(self._root / base) as entries:
                return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            if base:
                self.skipped.append((base, _reason(error)))
                return []
            raise DataError(
                f"cannot read the folder {str(self._root)!r}: {error.strerror}. Allow reading it, or give "
                "another."
            ) from error

    def _file(self, entry: _Entry, base: str, label: str | None) -> Iterator[File]:
        lower = entry.name.lower()
        if not lower.endswith(_ENDS):
            kind = lower.rpartition(".")[2]
            self._other.update([kind] if kind in _OTHER and kind != lower else [])
            return
        name = base + entry.name
        try:
            about = entry.stat()
        except OSError as error:  # a link that leads nowhere, or to itself
            self.skipped.append((name, _reason(error)))
            return
        if stat.S_ISREG(about.st_mode):
            yield File(name, label, None, about.st_size, (about.st_mtime_ns, about.st_ctime_ns))
        else:
            self.skipped.append((name, "not a file"))  # a pipe would keep us waiting


def _is_folder(entry: _Entry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def _is_real(entry: _Entry) -> bool:
    return not entry.is_symlink()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def list_skipped(skipped: Sequence[tuple[str, str]]) -> str:
    """The first few files that cannot be read, each with its reason, in one line."""
    return _list([f"{printable(name)} ({reason})" for name, reason in sorted(skipped)])


def _list(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def printable(name: str) -> str:
    """A file's name on one line; what cannot be printed is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
