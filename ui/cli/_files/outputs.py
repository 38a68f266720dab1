"""Writes files atomically, and replaces existing ones only if allowed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image

from diabolo.runtime import _durable
from diabolo.runtime.errors import UsageError
from diabolo.runtime.listing import is_file, is_folder
from diabolo.ui.cli._files.sources import Source
from diabolo.ui.errors import OutputError

__all__ = ["check_free", "replacing", "save_picture", "single_output", "write_problem"]


def check_free(path: Path, overwrite: bool) -> None:
    """Check that `path` may be written.

    Raises:
        OutputError: it is a folder, or it exists and `overwrite` is not set.
    """
    if is_folder(path):
        raise OutputError(f"{path} is a folder. Give a file in it.")
    if os.path.lexists(path) and not overwrite:
        raise OutputError(f"{path} already exists. Add --overwrite to replace it.")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces `path` when the block ends, or is removed if the block raises.

    Missing folders are created.

    Raises:
        OutputError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # not flushed to disk one by one: there may be thousands, and they can be made again
        with _durable.replacing(path, temporary, durable=False), temporary.open("xb") as file:
            yield file
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place with --out."
        ) from None


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as a PNG file.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(path) as file:
        picture.save(file, "PNG")


def single_output(out: str | None, items: Sequence[str], endings: tuple[str, ...]) -> Path | None:
    """The output file, if --out is a single picture; None if it is a folder, or not given.

    Args:
        out: as given.
        items: the files and folders that are read.
        endings: of file names of pictures; others are folders.

    Raises:
        OutputError: it is a file that is not a picture.
        UsageError: it is a single picture, and there are several inputs.
    """
    if out is None or not out.lower().endswith(endings) or is_folder(out):
        if out is not None and is_file(out):
            known = " or ".join((", ".join(endings[:-1]), endings[-1])) if endings[1:] else endings[0]
            raise OutputError(f"--out {out} is a file. Give a folder, or a file that ends in {known}.")
        return None
    if len(items) != 1 or is_folder(items[0]):
        raise UsageError(f"--out {out} is one picture. Give a folder for several pictures.")
    return Path(out)


def write_problem(source: Source, target: Path, overwrite: bool) -> str:
    """Why a result cannot be written to `target`; '' if it can."""
    if not os.path.lexists(target):
        return ""
    if _is_same(source, target) or is_folder(target):
        return f"{source.path}: its result would overwrite it, or a folder: {target}. Choose another --out."
    return "" if overwrite else f"{target} already exists. Add --overwrite to replace it."


def _is_same(source: Source, target: Path) -> bool:
    try:
        return os.path.samefile(source.path, target)  # noqa: PTH121
    except OSError:  # one of them does not exist, or is a broken link
        return False
