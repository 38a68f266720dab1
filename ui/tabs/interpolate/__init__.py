"""Interpolate in the latent space from key frame to key frame, and play the decoded path."""

from __future__ import annotations

from diabolo.ui.models.suited import generates as SUITS
from diabolo.ui.tabs.interpolate.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
