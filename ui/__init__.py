"""The user interfaces: the commands, and the Gradio app with its tabs."""

from __future__ import annotations

import importlib
import os
from typing import Any

from diabolo.runtime._renamed import renamed

# set here because Gradio reads it on import, and this file runs before any other of the package
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

_HOMES = {
    "LatentExplorer": "diabolo.ui.explorer",
    "build": "diabolo.ui.app",
    "launch": "diabolo.ui.serving",
    "mount": "diabolo.ui.serving",
    "registry": "diabolo.ui.app",
    "translations": "diabolo.ui.app",
}

__all__ = ["LatentExplorer", "build", "launch", "mount", "registry", "translations"]


def __getattr__(name: str) -> Any:
    # imported on demand: the command line imports this package, too, and must not load Gradio
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


renamed(
    {
        "diabolo.ui.incoming": "diabolo.ui.files.incoming",
        "diabolo.ui.served_files": "diabolo.ui.files.served",
        "diabolo.ui.temporary": "diabolo.ui.files.temporary",
        "diabolo.ui.unique_names": "diabolo.ui.files.unique_names",
    }
)
