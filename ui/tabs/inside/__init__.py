"""Look at the units of a code: which fire, what changes without one, and what activates it most."""

from __future__ import annotations

from diabolo.ui.tabs.inside.page import ORDER, SUITS, TEXTS, TITLE, build

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]
