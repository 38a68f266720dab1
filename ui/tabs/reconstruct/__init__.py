"""Encode a picture and decode it again: how well does it come back, and from how little?"""

from __future__ import annotations

from diabolo.ui.tabs.reconstruct.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
