"""Add noise to a picture and let the model remove it; or let it denoise files that are already noisy."""

from __future__ import annotations

from diabolo.ui.models.suited import denoises as SUITS
from diabolo.ui.tabs.denoise.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
