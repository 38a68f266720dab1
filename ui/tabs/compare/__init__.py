"""Compare several models: by their reconstructions of one picture, and by their latent spaces."""

from __future__ import annotations

from diabolo.ui.models.suited import reconstructs as SUITS
from diabolo.ui.tabs.compare.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
