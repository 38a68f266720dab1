"""Files that the app hands to the browser: written once and whole, and known again when they come back."""

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

_OURS = ("diabolo", "a picture of the app")  # in the text of a PNG


def keep(content: bytes, folder: str | Path, name: str) -> str:
    """The path of a file with this content below `folder`; the same content is the same file.

    It appears as a whole and is never written again: a browser may be reading it.
    """
    path = Path(folder) / hashlib.sha256(content).hexdigest()[:32] / name
    try:
        os.utime(path)  # of too many files the oldest are removed
    except OSError:
        handle, new = _begun(path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        try:
            Path(new).replace(path)
        except PermissionError:  # Windows: another thread was first, and the browser is reading its file
            Path(new).unlink()
            if not path.exists():
                raise
    return str(path)


def _begun(folder: Path) -> tuple[int, str]:
    for _ in range(3):  # an empty folder may be removed in between
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return tempfile.mkstemp(dir=folder)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def save(picture: Image.Image, folder: str | Path) -> str:
    """Keep a picture that a model saw or made, in its own colours, as a PNG that `is_ours` knows again."""
    text = PngInfo()
    text.add_text(*_OURS)
    return keep(png(picture, text), folder, "image.png")


def is_ours(path: str, size: tuple[int, int]) -> bool:
    """Whether a file is a picture of this size, `(width, height)`, that `save` wrote."""
    try:
        with Image.open(path) as picture:
            return picture.size == size and picture.info.get(_OURS[0]) == _OURS[1]
    except Exception:  # noqa: BLE001 - Pillow raises nearly anything, and `images.prepare` says it better
        return False
