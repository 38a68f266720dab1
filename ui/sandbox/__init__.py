"""Visitors' bundles: checked and run in processes of their own, whose time and memory are limited.

`VisitorLimits` says how much a visitor's bundle may take. `python -m diabolo.ui.sandbox` is such a process;
it loads nothing but `diabolo.runtime`, so this file must stay light.
"""

from __future__ import annotations

from diabolo.runtime._old_names import old_names
from diabolo.ui.sandbox.limits import VisitorLimits

__all__ = ["VisitorLimits"]

__getattr__ = old_names(__name__, {"Limits": "VisitorLimits"})
