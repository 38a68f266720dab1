"""Which image files are meant: files, folders with all that is below, and patterns; listed lazily."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diabolo.runtime.errors import ImageError

__all__ = ["Source", "expand", "sources"]

_ENDS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *(".pgm", ".ppm", ".pbm", ".pnm"),
)


class Source(NamedTuple):
    """One image file."""

    path: str  # as it was given, or below the folder that was
    name: str  # relative to that folder, with '/': what an output is called after


def expand(given: Sequence[str]) -> list[str]:
    """Files and folders, patterns such as 'scans/*.png' replaced by what fits them: not every shell does.

    Raises:
        ImageError: there is no such file or folder, or nothing fits a pattern.
    """
    found: list[str] = []
    for item in given:
        if os.path.lexists(item):
            found.append(item)
        elif glob.has_magic(item):
            matches = sorted(glob.glob(item, recursive=True))  # noqa: PTH207 - names stay as they were written
            if "**" in item:  # it fits a folder and all that is in it; once is enough
                matches = [match for match in matches if not Path(match).is_dir()]
            if not matches:
                raise ImageError(f"nothing fits the pattern {item!r}. Give files or folders that are there.")
            found += matches
        else:
            raise ImageError(f"there is no file or folder {item!r}.")
    return found


def sources(items: Sequence[str], leave_out: Path | None = None) -> Iterator[Source]:
    """Every file of `items`; of folders the images in them, sorted, folder by folder.

    Only the names of one folder at a time are held. What starts with a dot is left out, and links to folders
    are not followed. Below a folder only files with an image's ending are taken.

    Args:
        items: files and folders, as `expand` returns them.
        leave_out: a folder that is not looked into: where the outputs go.
    """
    hidden = os.path.realpath(leave_out) if leave_out else None
    for item in items:
        if Path(item).is_dir():
            prefix = f"{Path(item).resolve().name}/" if len(items) > 1 else ""
            yield from _below(item, prefix, hidden)
        else:
            yield Source(item, Path(item).name)


def _below(folder: str, prefix: str, hidden: str | None) -> Iterator[Source]:
    files, folders = _listed(folder)
    for name in files:
        yield Source(os.path.join(folder, name), prefix + name)  # noqa: PTH118 - 200,000 times
    for name in folders:
        below = os.path.join(folder, name)  # noqa: PTH118
        if hidden is None or os.path.realpath(below) != hidden:
            yield from _below(below, f"{prefix}{name}/", hidden)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """Names of the images and of the folders in `folder`, sorted."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.name.lower().endswith(_ENDS) and entry.is_file():
                    files.append(entry.name)
    except OSError as error:
        raise ImageError(f"the folder {folder!r} cannot be read: {error.strerror}.") from None
    return sorted(files), sorted(folders)
