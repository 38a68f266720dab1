"""Add noise to a picture and let the model take it away; or let it clean files that are noisy already."""

from __future__ import annotations

from diabolo.ui.tabs.denoise.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
