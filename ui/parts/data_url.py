"""Pictures in a component's value, between page and server: PNG as a data URL."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from diabolo.runtime.errors import ImageError

__all__ = ["data_url", "from_data_url"]

_PNG = "data:image/png;base64,"


def data_url(content: bytes) -> str:
    """A data URL of a PNG."""
    return _PNG + base64.b64encode(content).decode()


def from_data_url(value: Any, what: str, most: int) -> Image.Image:
    """The picture of a data URL.

    Args:
        value: what the page sent.
        what: what it should be, for the message, such as 'the drawing'.
        most: pixels of the longer side, at most; a larger picture is not decoded.

    Raises:
        ImageError: the value is not a data URL of a PNG of at most that size.
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
