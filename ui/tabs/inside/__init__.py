"""Look at a code's units: which fire, what changes without one, and what excites it."""

from __future__ import annotations

from diabolo.ui.tabs.inside.page import ORDER, TEXTS, TITLE, build

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]
