"""Photographs at their own size, for models of any size.

Reading and writing them, and the tiles, are those of the package diabolo, which no other file here needs.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pictures import BadPicture, check_header

try:
    from diabolo.runtime import Autoencoder
    from diabolo.runtime.errors import ImageError
    from diabolo.runtime.image.photo import encode_photo, process_photo, read_photo
except ImportError as error:
    raise ValueError("models of any size need diabolo: pip install diabolo[cpu]") from error


class Stopped(Exception):
    """The client has disconnected."""


class Photographs:
    """Runs a model of any size on photographs, tile by tile."""

    def __init__(self, folder: Path, most_pixels: int):
        self.model: Any = Autoencoder.load(folder, device="cpu")
        self._most = most_pixels

    async def __call__(
        self, raw: bytes, in_thread: Callable[..., Awaitable[tuple[bytes, str]]]
    ) -> tuple[bytes, str]:
        """The bytes of the result's file and its media type, computed by `in_thread`.

        If this is cancelled, the thread stops after the tile that it is computing.

        Raises:
            BadPicture: with a message for the client.
        """
        stop = threading.Event()
        try:
            return await in_thread(self.process, raw, stop)
        except asyncio.CancelledError:
            stop.set()
            raise

    def process(self, raw: bytes, stop: threading.Event) -> tuple[bytes, str]:
        """Reconstruct a photograph: its size, format, alpha, ICC profile and EXIF stay.

        Raises:
            BadPicture: with a message for the client.
            Stopped: `stop` was set.
        """

        def unless_stopped(_done: int, _total: int) -> None:
            if stop.is_set():
                raise Stopped

        unless_stopped(0, 0)
        check_header(raw, self._most)
        try:
            photo = read_photo(raw, max_pixels=self._most)
            unless_stopped(0, 0)
            result = process_photo(self.model, photo, progress=unless_stopped)
            return encode_photo(result), f"image/{result.format.lower()}"
        except ImageError as error:
            raise BadPicture(str(error)) from error
