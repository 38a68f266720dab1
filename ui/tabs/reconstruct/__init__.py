"""Encode a picture and decode it again: how good is the reconstruction, and how small the code?"""

from __future__ import annotations

from diabolo.ui.models.suited import reconstructs as SUITS
from diabolo.ui.tabs.reconstruct.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
