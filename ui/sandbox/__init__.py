"""Visitors' bundles: checked and run in processes of their own, whose time and memory are limited.

`Limits` says how much a visitor's bundle may take. `python -m diabolo.ui.sandbox` is such a process; it loads
nothing but `diabolo.runtime`, so this file must stay light.
"""

from __future__ import annotations

from diabolo.ui.sandbox.limits import Limits

__all__ = ["Limits"]
