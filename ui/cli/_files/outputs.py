"""Writing files: whole or not at all, and none replaced unless told."""

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
    """See that `path` may be written.

    Raises:
        OutputError: it is there already and `overwrite` is not set, or it is a folder.
    """
    if is_folder(path):
        raise OutputError(f"{path} is a folder. Name a file in it.")
    if os.path.lexists(path) and not overwrite:
        raise OutputError(f"{path} is there already and is kept. Add --overwrite to replace it.")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when the block ends well, and is gone when it does not.

    Folders on the way are made.

    Raises:
        OutputError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # thousands of pictures are soon made again, and do not wait for the disk one by one
        with _durable.replacing(path, temporary, durable=False), temporary.open("xb") as file:
            yield file
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place with --out."
        ) from None


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(path) as file:
        picture.save(file, "PNG")
