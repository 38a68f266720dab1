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
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

__all__ = ["AGE", "KEPT", "MADE", "ended_by_signals", "own_folder", "sweep", "visitors_folder"]

AGE = 4 * 3600  # seconds that a visitor's file is kept
MADE = "diabolo-app-"  # begins the names of folders with files that the app made
KEPT = "diabolo-uploads-"  # begins the names of folders whose files go with their visitors instead
_PIECE = 3600  # seconds after which an upload that is not whole has failed
_PAUSE = 600  # seconds between two sweeps
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
        members = vars(sys.modules[name]) if name in sys.modules else {}
        if "DEFAULT_TEMP_DIR" in members:
            members["DEFAULT_TEMP_DIR"] = str(folder)
    atexit.register(_remove, folder, os.getpid())
    threading.Thread(target=_sweep_for_ever, args=(folder,), name="diabolo-sweep", daemon=True).start()
    return folder


def visitors_folder() -> str | None:
    """Where files of visitors belong: the app's own folder, or None, which is the system's for such files."""
    return os.environ.get(_VARIABLE) or None


def sweep(folder: Path, now: float) -> None:
    """Remove visitors' files that are older than `AGE`, and pieces of uploads that never became whole.

    Gradio removes only what it knows of: not what was cut off, or came under another name.
    """
    for root, folders, names in os.walk(folder, topdown=True):
        folders[:] = [name for name in folders if not name.startswith(KEPT)]
        for name in names:
            path = Path(root, name)
            age = _PIECE if Path(root) == folder and name.startswith("tmp") else AGE
            with suppress(OSError):
                if now - path.stat().st_mtime > age:
                    path.unlink()
        if Path(root) != folder:
            with suppress(OSError):
                Path(root).rmdir()  # where nothing is left in it


def _sweep_for_ever(folder: Path) -> None:
    while folder.exists():
        time.sleep(_PAUSE)
        sweep(folder, time.time())


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a process that was forked leaves it alone
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end the program as Ctrl-C does, so that it can tidy up.

    A signal that is ignored, as by nohup, or that somebody else handles, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    taken = [number for number in known if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
