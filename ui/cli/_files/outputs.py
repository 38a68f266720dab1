"""Writes files atomically, and replaces existing ones only if allowed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image

from diabolo.runtime import _durable
from diabolo.runtime.listing import is_folder
from diabolo.ui.errors import OutputError

__all__ = ["check_free", "replacing", "save_picture"]


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
