"""Files that the app serves: written once, and recognised when a visitor uploads them again."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diabolo.runtime.image.mosaic import png

__all__ = ["is_ours", "keep", "save"]

_OURS = ("diabolo", "a picture of the app")  # a PNG text chunk: keyword and text


def keep(content: bytes, folder: str | Path, name: str) -> str:
    """Write a file below `folder` and return its path; the same content gives the same file.

    The file appears complete, and is never rewritten, since a browser may be reading it.
    """
    path = Path(folder) / hashlib.sha256(content).hexdigest()[:32] / name
    try:
        os.utime(path)  # mark it as recent: if there are too many files, the oldest are removed
    except OSError:
        handle, new = _temporary_file(path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        try:
            Path(new).replace(path)
        except PermissionError:  # Windows: another thread wrote it, and a browser is reading it
            Path(new).unlink()
            if not path.exists():
                raise
    return str(path)


def _temporary_file(folder: Path) -> tuple[int, str]:
    for _ in range(3):  # the empty folder may be removed in between
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return tempfile.mkstemp(dir=folder)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def save(picture: Image.Image, folder: str | Path) -> str:
    """Write a picture as a PNG that `is_ours` recognises, and return its path."""
    text = PngInfo()
    text.add_text(*_OURS)
    return keep(png(picture, text), folder, "image.png")


def is_ours(path: str, size: tuple[int, int]) -> bool:
    """Whether a file is a picture of this size `(width, height)` that `save` wrote."""
    try:
        with Image.open(path) as picture:
            return picture.size == size and picture.info.get(_OURS[0]) == _OURS[1]
    except Exception:  # noqa: BLE001 - Pillow raises almost anything; `convert.prepare` reports it later
        return False
