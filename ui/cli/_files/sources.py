"""Lists image files lazily, from files, folders (recursively) and patterns."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diabolo.runtime.errors import ImageError
from diabolo.runtime.listing import below, explain, is_folder, trouble

__all__ = ["Source", "expand", "sources"]


_SEPARATORS = re.escape(os.sep + (os.altsep or ""))
_ANY_DEPTH = re.compile(rf"(^|[{_SEPARATORS}])\*\*(?:[{_SEPARATORS}]+|$)")


class Source(NamedTuple):
    """One image file."""

    path: str  # as given, or below the folder that was given
    name: str  # relative to that folder, with '/'; outputs are named after it


def expand(given: Sequence[str]) -> list[str]:
    """Replace patterns such as 'scans/*.png' by the files and folders that match: not every shell does this.

    Raises:
        ImageError: a file or folder does not exist, a pattern matches nothing, or the only thing given cannot
            be read (a named pipe, a device, a broken link). Among several, `sources` reports what cannot be
            read: the shell may have made them from a pattern.
    """
    found: list[str] = []
    for item in given:
        if os.path.lexists(item):
            if len(given) == 1:
                _check(item)
            found.append(item)
        elif glob.has_magic(item):
            matches = sorted(_matches(item))
            if "**" in item:  # it matches a folder and everything in it; once is enough
                matches = [match for match in matches if not _is_read_by_itself(match)]
            if not matches:
                raise ImageError(f"nothing matches the pattern {item!r}. Give existing files or folders.")
            found += matches
        else:
            raise ImageError(f"there is no file or folder {item!r}.")
    return found


def _check(item: str) -> None:
    """Check that a file or folder that was given can be read."""
    if not is_folder(item):
        if reason := trouble(item):
            raise ImageError(f"{item!r} cannot be read: {reason}. Give image files, or folders of them.")
        return
    try:
        os.scandir(item).close()
    except OSError as error:
        raise ImageError(f"the folder {item!r} cannot be read: {explain(error)}.") from None


def _matches(pattern: str) -> set[str]:
    """Like `glob.glob(pattern, recursive=True)`, but '**' does not follow links to folders.

    The result includes folders that cannot be read, so that they are reported.
    """
    star = _ANY_DEPTH.search(pattern)
    if not star:
        return set(glob.glob(pattern))  # noqa: PTH207 - names stay as they were written
    head, tail = pattern[: star.end(1)], pattern[star.end() :] or "*"
    found: set[str] = set()
    unread: list[str] = []
    for root in glob.glob(head) if glob.has_magic(head) else [head]:  # noqa: PTH207
        start = 0 if root else len("./")
        for folder, _ in below(root or "./", lambda path, _reason: unread.append(path)):
            found |= _matches(os.path.join(glob.escape(folder[start:]), tail))  # noqa: PTH118
        found |= {path[start:] for path in unread if is_folder(path)}
    return found


def _is_read_by_itself(path: str) -> bool:
    """Whether this match of '**' is a folder whose content matches, too."""
    return is_folder(path) and os.access(path, os.R_OK | os.X_OK)


def sources(
    items: Sequence[str],
    fail: Callable[[str, str], None],
    leave_out: Path | None = None,
    other: Counter[str] | None = None,
) -> Iterator[Source]:
    """Iterate over the files in `items`, and over the images in folders, sorted, folder by folder.

    Only the names of one folder at a time are in memory. Within folders, only files with the ending of an
    image format are listed, and names that start with a dot are skipped. Links are followed as in training,
    see `diabolo.runtime.listing.below`.

    Args:
        items: files and folders, as `expand` returns them.
        fail: called with the path and a sentence for each file or folder that cannot be read.
        leave_out: a folder to skip: the output folder.
        other: the files in formats that are not read are counted here, by ending.
    """
    hidden = os.path.realpath(leave_out) if leave_out else None

    def enter(folder: str) -> bool:
        return hidden is None or os.path.realpath(folder) != hidden

    def report(path: str, reason: str) -> None:
        fail(path, f"{path} cannot be read: {reason}.")

    for item in items:
        if not is_folder(item):
            if reason := trouble(item):
                report(item, reason)
            else:
                yield Source(item, Path(item).name)
            continue
        prefix = f"{Path(item).resolve().name}/" if len(items) > 1 else ""
        for folder, found in below(item, report, enter):
            if other is not None:
                other.update(found.other)
            inside = folder[len(item) :].replace(os.sep, "/").strip("/")
            start = f"{prefix}{inside}/" if inside else prefix
            for name in found.files:
                yield Source(os.path.join(folder, name), start + name)  # noqa: PTH118 - 200,000 times
