"""Decides which files that clients name may be read; no other module does."""

from __future__ import annotations

import base64
import stat
import tempfile
from pathlib import Path
from typing import Any, cast

import gradio as gr
from PIL import Image

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.resize import opened
from diabolo.ui.components import subclass
from diabolo.ui.files.served import keep, save
from diabolo.ui.files.temporary import MADE, visitors_folder

__all__ = ["MOST_PIXELS", "FileInput", "ImageInput", "UploadInput", "pixels_of", "received", "size_of"]

_REFUSED = (
    "a file in this request was not uploaded to this app, or was removed. "
    "Upload it first, and send the path in the response of the upload."
)
MOST_PIXELS = 50_000_000  # of a picture, at most: decoding that takes about two seconds and 230 MB
_ENCODED = 8 << 20  # characters of a picture within a request, at most


def received(path: Any, folder: str | Path) -> str:
    """Return the path of an uploaded file, after checking that it is safe to open.

    Clients name files by their paths, and Gradio does not check the paths in all kinds of values.

    Args:
        path: as the client sent it.
        folder: Gradio's upload folder; files outside it are refused.

    Raises:
        ImageError: it is not a regular file below `folder`. The message is always the same.
    """
    try:
        real = Path(path).resolve(strict=True)
        if real.is_relative_to(Path(folder).resolve()) and stat.S_ISREG(real.lstat().st_mode):
            return str(path)
    except (OSError, ValueError, TypeError, RuntimeError):  # NUL bytes, link loops, numbers
        pass
    raise ImageError(_REFUSED)


def size_of(path: str) -> tuple[int, int]:
    """The width and height in a picture's header; (0, 0) if it cannot be read."""
    try:
        with opened(path) as picture:
            return picture.size
    except Exception:  # noqa: BLE001 - Pillow raises almost anything; `convert.prepare` reports it later
        return 0, 0


def pixels_of(path: str) -> int:
    """The number of pixels by a picture's header; 0 if it cannot be read.

    Raises:
        ImageError: the picture has more pixels than the app accepts.
    """
    width, height = size_of(path)
    count = width * height
    if count > MOST_PIXELS:
        raise ImageError(
            f"the picture has {count / 1e6:.0f} million pixels; at most {MOST_PIXELS // 10**6} million are "
            "allowed. Give a smaller one, or use the command line: diabolo reconstruct BUNDLE PICTURE."
        )
    return count


def _received_picture(self: gr.Image, payload: Any) -> str | None:
    """Return the path of an uploaded file. Gradio would decode it, and report errors in its own terms."""
    if payload is None:
        return None
    if payload.path is None and str(payload.url or "").startswith("data:"):
        return keep(_decoded(str(payload.url)), self.GRADIO_CACHE, "picture")
    return received(payload.path, self.GRADIO_CACHE)


def _decoded(url: str) -> bytes:
    head, _, data = url.partition(",")
    if len(data) > _ENCODED or not head.endswith(";base64"):
        raise ImageError(f"a picture within a request must be base64, at most {_ENCODED >> 20} MB long.")
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise ImageError("the picture within the request is not valid base64.") from None


def _received_files(self: Any, payload: Any) -> str | list[str] | None:
    """The paths of uploaded files. Gradio's own method would leave an empty file behind at every call."""
    if payload is None:
        return None
    parts = payload.root if isinstance(getattr(payload, "root", None), list) else [payload]
    paths = [received(part.path, self.GRADIO_CACHE) for part in parts]
    for path in paths:
        if self.file_types and not path.lower().endswith(tuple(self.file_types)):
            raise ImageError(f"{Path(path).name} is not one of: {', '.join(self.file_types)}.")
    if self.file_count == "multiple":
        return paths
    return paths[0] if paths else None


def _write_once(self: gr.Image, value: Any) -> Any:
    """Write a picture once. Gradio would rewrite the file of an equal one while a browser is reading it."""
    kept = save(value, self.GRADIO_CACHE) if isinstance(value, Image.Image) else value
    return gr.Image.postprocess(self, kept)


def _only_ours(base: type[Any]) -> Any:
    """The method by which Gradio copies a file to where it serves it, restricted to files of the app.

    If the app is part of other `gr.Blocks` that are mounted in a service, Gradio does not check the path.
    """

    async def move(self: Any, path: Any) -> str | None:
        if path is not None and not _is_ours(path, self.GRADIO_CACHE):
            raise ImageError(_REFUSED)
        return cast("str | None", await base.async_move_resource_to_block_cache(self, path))

    return move


def _is_ours(path: Any, folder: str) -> bool:
    """Whether a path is that of an uploaded file, or of one that the app wrote."""
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, ValueError, TypeError, RuntimeError):
        return False
    if not stat.S_ISREG(real.lstat().st_mode):
        return False
    places = (Path(visitors_folder() or tempfile.gettempdir()).resolve(), Path(folder).resolve())
    made = real.is_relative_to(places[0]) and real.relative_to(places[0]).parts[0].startswith(MADE)
    return made or real.is_relative_to(places[1])


def _input(base: type[Any], **methods: Any) -> Any:
    return subclass(base, async_move_resource_to_block_cache=_only_ours(base), **methods)


FileInput = _input(gr.File, preprocess=_received_files)
ImageInput = _input(gr.Image, preprocess=_received_picture, postprocess=_write_once)
UploadInput = _input(gr.UploadButton, preprocess=_received_files)
