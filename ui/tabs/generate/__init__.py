"""Generate pictures: draw random latents and decode them."""

from __future__ import annotations

from diabolo.ui.models.suited import generates as SUITS
from diabolo.ui.tabs.generate.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
