"""Choose a model or upload one, and see what it is, where it runs and whether its checks pass."""

from __future__ import annotations

from diabolo.ui.tabs.models.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
