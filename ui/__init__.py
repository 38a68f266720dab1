"""What people touch: commands, the Gradio app and its tabs."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["LatentExplorer", "build"]

# here, because gradio reads it when it is first imported, and no file of this package comes before
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


def __getattr__(name: str) -> Any:
    # the command line imports this package too, and must not wait for gradio
    if name == "build":
        from diabolo.ui.app import build

        return build
    if name == "LatentExplorer":
        from diabolo.ui.explorer import LatentExplorer

        return LatentExplorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
