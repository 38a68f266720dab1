"""Pictures that travel between the page and the server within a component's value: PNG as a data URL."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from diabolo.runtime.errors import ImageError

__all__ = ["data_url", "from_data_url"]

_PNG = "data:image/png;base64,"


def data_url(content: bytes) -> str:
    """A PNG as the page takes it."""
    return _PNG + base64.b64encode(content).decode()


def from_data_url(value: Any, what: str, most: int) -> Image.Image:
    """A PNG as the page sends it.

    Args:
        value: what came.
        what: it is, for the message.
        most: pixels of its longer side; more are not unpacked.

    Raises:
        ImageError: what a page never sends.
    """
    try:
        if not isinstance(value, str) or not value.startswith(_PNG):
            raise ValueError("another kind")
        content = base64.b64decode(value.removeprefix(_PNG), validate=True)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        if max(picture.size) > most:
            raise ValueError("too large")
        picture.load()
        return picture
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly anything on bad bytes
        raise ImageError(f"{what} cannot be read as a PNG. Load the page again.") from None
