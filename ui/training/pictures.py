"""What to train on: a data set that is here, a folder of pictures, or a zip of them, which is unpacked."""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from diabolo.runtime._durable import move_folder
from diabolo.runtime.errors import DiaboloError
from diabolo.train import datasets
from diabolo.train.datasets import EXTENSIONS
from diabolo.train.errors import DataError

__all__ = ["check_folder", "here", "unpack"]

_MOST_FILES = 200_000
_MOST_BYTES = 8 << 30  # of the unpacked pictures
_PIECE = 1 << 20
_SHOWN = 8  # kinds of pictures that a message names


def here() -> list[dict[str, Any]]:
    """The data sets that are on this machine, those that need no files first; nothing is read or fetched."""
    found = []
    for name in datasets.names():
        try:
            dataset = datasets.find(name)
            if not dataset.takes_folder and dataset.locate(datasets.LoadRequest()) is not None:
                found.append(
                    {"name": name, "title": dataset.title, "summary": dataset.summary, "made": dataset.made}
                )
        except DiaboloError:  # incomplete, or its package fails
            continue
    return sorted(found, key=lambda one: not one["made"])


def check_folder(written: str) -> str:
    """The absolute path of a folder of pictures.

    Raises:
        DataError: there is none.
    """
    try:
        path = Path(written.strip()).expanduser()
        if written.strip() and path.is_dir():
            return str(path.resolve())
    except (OSError, ValueError, RuntimeError):  # a NUL byte, no home folder
        pass
    raise DataError(f"no folder at {written[:300]!r}. Give the path of a folder of pictures on this machine.")


def unpack(archive: Path, name: str, into: Path) -> Path:
    """Unpack the pictures of a zip into a new folder; folders within, which name classes, stay.

    Args:
        archive: the zip.
        name: of the file on the visitor's side, after which the folder is named.
        into: the folder that the new one is made in.

    Returns:
        The folder of the pictures.

    Raises:
        DataError: it is not a zip, has no pictures, is too large, or cannot be written.
    """
    name = PurePosixPath(name.replace("\\", "/")).name[:200]
    try:
        with zipfile.ZipFile(archive) as opened:
            members = list(_pictures(opened, name))
            into.mkdir(parents=True, exist_ok=True)
            target = _free(into, PurePosixPath(name).stem)
            temporary = target.with_name(f"{target.name}.part")
            shutil.rmtree(temporary, ignore_errors=True)
            try:
                _write(opened, members, temporary)
                move_folder(temporary, target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError):
        raise DataError(
            f"{name} cannot be read as a zip: it is damaged, encrypted or something else. Make it anew."
        ) from None
    except OSError as error:
        raise DataError(
            f"{name} cannot be unpacked in {into}: {error.strerror}. Make room, or free it."
        ) from None
    return target


def _pictures(opened: zipfile.ZipFile, name: str) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The pictures and their paths in the new folder.

    Raises:
        DataError: there are none, or too many.
    """
    files = [one for one in opened.infolist() if not one.is_dir()]
    wanted = [(one, path) for one in files if (path := _path(one)) is not None]
    if not wanted:
        some = ", ".join(f".{end}" for end in list(EXTENSIONS)[:_SHOWN])
        held = f"none of its {len(files)} files is one" if files else "it is empty"
        raise DataError(f"{name} has no pictures: {held}. Zip a folder of pictures ({some} ...).")
    if len(wanted) > _MOST_FILES or sum(one.file_size for one, _ in wanted) > _MOST_BYTES:
        raise DataError(
            f"{name} has more than {_MOST_FILES:,} pictures or {_MOST_BYTES >> 30} GB. "
            "Unpack it yourself, and give the folder."
        )
    yield from wanted


def _path(one: zipfile.ZipInfo) -> PurePosixPath | None:
    """Where a picture goes; None for other files, links, and paths that lead out of the folder."""
    path = PurePosixPath(one.filename.replace("\\", "/"))
    ending = path.suffix.lower().removeprefix(".")
    mode = one.external_attr >> 16
    hidden = any(part.startswith((".", "__MACOSX")) or ":" in part for part in path.parts)
    if ending not in EXTENSIONS or hidden or path.is_absolute() or (mode and stat.S_ISLNK(mode)):
        return None
    return path


def _write(
    opened: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, PurePosixPath]], folder: Path
) -> None:
    """Write the pictures, and stop where one is larger than the zip declares."""
    folder.mkdir()
    for one, path in members:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(one) as source, target.open("wb") as out:
            left = one.file_size
            while piece := source.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise zipfile.BadZipFile("larger than declared")
                out.write(piece)


def _free(into: Path, stem: str) -> Path:
    """A folder that does not exist yet, named after the zip."""
    stem = re.sub(r"[^\w.-]+", "-", stem).strip(".-")[:80] or "pictures"
    number, target = 1, into / stem
    while target.exists():
        number += 1
        target = into / f"{stem}-{number}"
    return target
