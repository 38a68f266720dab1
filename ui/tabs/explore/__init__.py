"""Drag through the latent space, and look at what every point of it decodes to."""

from __future__ import annotations

from diabolo.ui.models.suited import explores as SUITS
from diabolo.ui.tabs.explore.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
