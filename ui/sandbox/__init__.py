"""Checks and runs visitors' bundles in separate processes with limited time and memory.

`VisitorLimits` has the limits. `python -m diabolo.ui.sandbox` is such a process, a worker; it imports nothing
but `diabolo.runtime`, so this file must stay light.
"""

from __future__ import annotations

from diabolo.runtime._old_names import old_names
from diabolo.ui.sandbox.limits import VisitorLimits

__all__ = ["VisitorLimits"]

__getattr__ = old_names(__name__, {"Limits": "VisitorLimits"})
