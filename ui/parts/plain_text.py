"""Other people's words, such as those of a bundle, within Markdown."""

from __future__ import annotations

import re

__all__ = ["as_text"]


def as_text(words: str) -> str:
    """The same words as Markdown that makes nothing of them: no picture, no link, no HTML, one line."""
    line = " ".join(words.split())
    return re.sub(r"[^\w .,()-]|_", lambda found: f"&#{ord(found[0])};", line)
