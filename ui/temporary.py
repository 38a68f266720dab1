"""The folder for visitors' files: the app's own, for this user alone, gone when the process ends."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["ended_by_signals", "own_folder"]

_VARIABLE = "GRADIO_TEMP_DIR"  # where gradio puts files; asked anew at each request
_EARLY = ("gradio.mcp", "gradio.route_utils")  # except by these, which ask when they are imported


@functools.cache
def own_folder() -> Path:
    """The folder of this process, mode 700, which gradio is told to use; made when first asked for.

    It lies in the folder that GRADIO_TEMP_DIR names, or in the system's for temporary files.
    """
    given = os.environ.get(_VARIABLE)
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="diabolo-", dir=given or None))
    os.environ[_VARIABLE] = str(folder)
    for name in _EARLY:
        if (module := sys.modules.get(name)) is not None and hasattr(module, "DEFAULT_TEMP_DIR"):
            module.DEFAULT_TEMP_DIR = str(folder)
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a process that was forked leaves it alone
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end the program as Ctrl-C does, so that it can tidy up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
