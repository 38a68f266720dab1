"""Which image files are meant: files, folders with all that is below, and patterns; listed lazily."""

from __future__ import annotations

import glob
import os
import re
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

    path: str  # as it was given, or below the folder that was
    name: str  # relative to that folder, with '/': what an output is called after


def expand(given: Sequence[str]) -> list[str]:
    """Files and folders, patterns such as 'scans/*.png' replaced by what fits them: not every shell does.

    Raises:
        ImageError: there is no such file or folder, it is neither (a named pipe, a device, a link that leads
            nowhere), or nothing fits a pattern.
    """
    found: list[str] = []
    for item in given:
        if os.path.lexists(item):
            _check(item)
            found.append(item)
        elif glob.has_magic(item):
            matches = sorted(_matches(item))
            if "**" in item:  # it fits a folder and all that is in it; once is enough
                matches = [match for match in matches if not _is_read_by_itself(match)]
            if not matches:
                raise ImageError(f"nothing fits the pattern {item!r}. Give files or folders that are there.")
            found += matches
        else:
            raise ImageError(f"there is no file or folder {item!r}.")
    return found


def _check(item: str) -> None:
    """See that what was named by itself can be read at all."""
    if not is_folder(item):
        if reason := trouble(item):
            raise ImageError(f"{item!r} cannot be read: {reason}. Give image files, or folders of them.")
        return
    try:
        os.scandir(item).close()
    except OSError as error:
        raise ImageError(f"the folder {item!r} cannot be read: {explain(error)}.") from None


def _matches(pattern: str) -> set[str]:
    """As `glob.glob(pattern, recursive=True)`, whose '**' would follow links to folders round and round.

    A folder that '**' cannot look into is among them, so that it is named.
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
    """Whether a match of '**' is a folder whose content is matched, too."""
    return is_folder(path) and os.access(path, os.R_OK | os.X_OK)


def sources(
    items: Sequence[str], fail: Callable[[str, str], None], leave_out: Path | None = None
) -> Iterator[Source]:
    """Every file of `items`; of folders the images in them, sorted, folder by folder.

    Only the names of one folder at a time are held. What starts with a dot is left out, and links to folders
    are not followed. Below a folder only files with an image's ending are taken.

    Args:
        items: files and folders, as `expand` returns them.
        fail: told the path and a sentence for each thing that is left out because it cannot be read.
        leave_out: a folder that is not looked into: where the outputs go.
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
            inside = folder[len(item) :].replace(os.sep, "/").strip("/")
            start = f"{prefix}{inside}/" if inside else prefix
            for name in found.files:
                yield Source(os.path.join(folder, name), start + name)  # noqa: PTH118 - 200,000 times
