"""The folder for visitors' files: private to this process, and removed when the process ends."""

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
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from diabolo.runtime.errors import UsageError

__all__ = ["AGE", "KEPT", "MADE", "Ended", "ended_by_signals", "own_folder", "sweep", "visitors_folder"]

AGE = 4 * 3600  # seconds that a visitor's file is kept
MADE = "diabolo-app-"  # name prefix of folders with files that the app wrote
KEPT = "diabolo-uploads-"  # name prefix of folders whose files are removed with their visitors
_PIECE = 3600  # seconds after which an incomplete upload has failed
_PAUSE = 600  # seconds between two cleanups
_VARIABLE = "GRADIO_TEMP_DIR"  # where Gradio writes files; read at each request
_EARLY = ("gradio.mcp", "gradio.route_utils")  # except by these modules, which read it on import


@functools.cache
def own_folder() -> Path:
    """The folder of this process (mode 700), created on the first call; Gradio uses it from then on.

    It is created in GRADIO_TEMP_DIR, or in the system's folder for temporary files.

    Raises:
        UsageError: it cannot be created.
    """
    given = os.environ.get(_VARIABLE)
    try:
        if given:
            Path(given).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="diabolo-", dir=given or None))
    except OSError as error:
        place = f"the folder {given!r}" if given else "the system's folder for temporary files"
        raise UsageError(
            f"visitors' files cannot be stored in {place}: {error.strerror}. "
            f"Set {_VARIABLE} to a folder that you may write to."
        ) from None
    os.environ[_VARIABLE] = str(folder)
    for name in _EARLY:
        members = vars(sys.modules[name]) if name in sys.modules else {}
        if "DEFAULT_TEMP_DIR" in members:
            members["DEFAULT_TEMP_DIR"] = str(folder)
    atexit.register(_remove, folder, os.getpid())
    threading.Thread(target=_sweep_for_ever, args=(folder,), name="diabolo-sweep", daemon=True).start()
    return folder


def visitors_folder() -> str | None:
    """The folder for visitors' files; None means the system's folder for temporary files."""
    return os.environ.get(_VARIABLE) or None


def sweep(folder: Path, now: float) -> None:
    """Remove visitors' files older than `AGE`, and the remains of incomplete uploads.

    Gradio itself removes only the files that it keeps track of.
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
                Path(root).rmdir()  # if it is empty


def _sweep_for_ever(folder: Path) -> None:
    while folder.exists():
        time.sleep(_PAUSE)
        sweep(folder, time.time())


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a forked process
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Ended:
    """Whether a signal asked the program to end. Setting a threading.Event in a handler could block.

    Attributes:
        by_signal: whether one came.
        raises: whether one raises KeyboardInterrupt. A loop that looks at `by_signal` turns it off, since
            Python prints what a handler raises during a destructor.
    """

    by_signal: bool = False
    raises: bool = True


@contextmanager
def ended_by_signals() -> Iterator[Ended]:
    """Within the block, SIGTERM and SIGHUP raise KeyboardInterrupt, like Ctrl-C, so the program cleans up.

    Signals that are ignored (nohup) or already have a handler are left alone.

    Yields:
        What says whether any of these signals came, Ctrl-C included. An exception alone can be lost: Python
        discards it if the signal arrives during a destructor or a weak reference's callback.
    """
    ended = Ended()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.by_signal = True
        if ended.raises:
            raise KeyboardInterrupt

    defaults = {"SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL, "SIGINT": signal.default_int_handler}
    known = {getattr(signal, name): usual for name, usual in defaults.items() if hasattr(signal, name)}
    taken = {number: usual for number, usual in known.items() if signal.getsignal(number) == usual}
    for number in taken:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        for number, usual in taken.items():
            signal.signal(number, usual)
