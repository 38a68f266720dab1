"""Names that were changed keep working for a while, with a warning that gives the new one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["old_names"]


def old_names(module: str, new: Mapping[str, str]) -> Callable[[str], Any]:
    """What a module takes as its `__getattr__`, so that its old names still work.

    Args:
        module: the module's `__name__`.
        new: the new name of each old one; both stand in this module.

    Returns:
        A function of a name. It warns of an old one (DeprecationWarning) at the line that asked, and raises
        AttributeError for any other.
    """

    def find(name: str) -> Any:
        if name not in new:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        import warnings

        warnings.warn(f"{module}.{name} is now called {new[name]}.", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], new[name])

    return find
