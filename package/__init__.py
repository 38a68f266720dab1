"""Autoencoders from training to an app: `diabolo.runtime`, `diabolo.train`, `diabolo.export`, `diabolo.ui`.

This file makes `diabolo` a regular package. Without it, Python would look for those four in any folder called
`diabolo` next to the user's script, such as a clone of the repository, before the installed package.
"""

from __future__ import annotations

from typing import Any

__all__ = ["__version__"]

__version__: str
"""The version of the installed package."""


def __getattr__(name: str) -> Any:
    if name == "__version__":  # looked up when it is asked for: the import takes longer than all else here
        from importlib import metadata

        return metadata.version("diabolo")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
