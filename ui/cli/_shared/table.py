"""Text for tables on the terminal."""

from __future__ import annotations

import shutil
import textwrap

__all__ = ["image_size", "wrapped"]


def wrapped(text: str) -> list[str]:
    """Lines of `text`, indented and wrapped at the terminal's width; one line if there is no terminal."""
    width = max(60, shutil.get_terminal_size(fallback=(10_000, 24)).columns)
    indent = " " * 4
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )


def image_size(shape: tuple[int, int, int], any_size: bool = False) -> str:
    """An image shape `(channels, height, width)` in words: '28 x 28 grey', or 'any size grey'."""
    channels, height, width = shape
    return f"{'any size' if any_size else f'{height} x {width}'} {'colour' if channels == 3 else 'grey'}"
