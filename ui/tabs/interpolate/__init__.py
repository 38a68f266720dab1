"""Walk through the latent space from key frame to key frame, and look at what lies between."""

from __future__ import annotations

from diabolo.ui.tabs.interpolate.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
