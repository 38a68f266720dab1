"""Untrusted text, such as a bundle's, in Markdown."""

from __future__ import annotations

import re

__all__ = ["as_text"]


def as_text(words: str) -> str:
    """The text escaped for Markdown, in one line: it cannot contain pictures, links or HTML."""
    line = " ".join(words.split())
    return re.sub(r"[^\w .,()-]|_", lambda found: f"&#{ord(found[0])};", line)
