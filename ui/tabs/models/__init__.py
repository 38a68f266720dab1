"""Choose a model, open one of one's own, and know what it is, where it runs and whether it is sound."""

from __future__ import annotations

from diabolo.ui.tabs.models.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
