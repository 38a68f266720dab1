"""The user interfaces: the commands, and the Gradio app with its tabs."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from diabolo.runtime._renamed import renamed
from diabolo.runtime.errors import UsageError
from diabolo.ui.proxies import proxies_bypassed

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
        return getattr(_imported(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _imported(module: str) -> ModuleType:
    """Import a module that imports Gradio, which reads the environment and opens HTTP clients.

    Raises:
        UsageError: Gradio does not accept the environment.
    """
    try:
        with proxies_bypassed():
            return importlib.import_module(module)
    except ValueError as error:
        named = ", ".join(sorted(name for name in os.environ if name.startswith("GRADIO_")))
        raise UsageError(f"Gradio does not accept its environment: {error}. Check {named}.") from None
    except FileNotFoundError:
        if _has_folder():
            raise
        raise UsageError("the current folder does not exist any more. Change to another one (cd).") from None


def _has_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


renamed(
    {
        "diabolo.ui.incoming": "diabolo.ui.files.incoming",
        "diabolo.ui.served_files": "diabolo.ui.files.served",
        "diabolo.ui.temporary": "diabolo.ui.files.temporary",
        "diabolo.ui.unique_names": "diabolo.ui.files.unique_names",
    }
)
