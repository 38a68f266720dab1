"""One training in a run's folder at a time, by a lock of the operating system on RUN/.lock.

The system drops the lock when the process ends, however it ends: nothing is left to be removed by hand. The
file holds a word of this training's own, by which it sees whether the folder at this path is still its own.

A run may come from anybody: what lies at RUN/.lock and is not such a file is neither followed nor written to.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from diabolo.train.errors import RunError

__all__ = ["LOCK", "Lock", "hold", "refuse_running"]

LOCK = ".lock"  # in the run's folder
# no link is followed, and no pipe waited for; Windows knows neither
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WORD = re.compile(rb"[0-9a-f]{0,32}")  # all that is ever written; less where the disk was full
_LONGEST = 32  # bytes of it
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_FAR = 2**30  # the byte that Windows locks: those that are locked there cannot be read


class Lock:
    """A folder that this training holds.

    Attributes:
        folder: the run's.
    """

    def __init__(self, folder: Path, word: str) -> None:
        self.folder, self._word = folder, word

    def lost(self) -> str:
        """What has become of the folder, as the end of 'the folder RUN ...'; empty while it is there.

        Another one may lie at its path by now: one that was removed may have been made anew.
        """
        if not (self.folder / "config.json").is_file():
            return "was removed or renamed"
        try:
            handle = _open(self.folder)
        except OSError:
            return ""  # the file alone was removed, or cannot be looked at just now
        except RunError:
            return "was replaced by another one"
        try:
            replaced = os.read(handle, _LONGEST).decode("ascii") != self._word
        except OSError:
            return ""
        finally:
            os.close(handle)
        return "was replaced by another one" if replaced and self._word else ""


@contextmanager
def hold(folder: Path, note: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the folder, which is there, until the block ends; `note` is told where it cannot be locked.

    Raises:
        RunError: another training holds it, it cannot be written to, or its lock is no file of ours.
    """
    try:
        handle = _open(folder, os.O_CREAT)
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written to: {error.strerror}. Allow it, or train elsewhere with -o."
        ) from None
    try:
        if not _lock(handle, folder):
            note(f"{folder} lies on a file system without locks: see that no second training runs in it")
        yield Lock(folder, _mark(handle))
    finally:
        os.close(handle)  # and the lock with it


def refuse_running(folder: Path) -> None:
    """See that no training runs in a folder, which may be anything.

    Raises:
        RunError: one does, or its lock is no file of ours.
    """
    try:
        handle = _open(folder)
    except OSError:
        return
    try:
        _lock(handle, folder)
    finally:
        os.close(handle)


def _open(folder: Path, more: int = 0) -> int:
    """A handle on the lock's file, at its beginning.

    Raises:
        OSError: it cannot be opened.
        RunError: it is no file that a training wrote.
    """
    path = folder / LOCK
    if path.is_symlink():
        raise _not_ours(path, "it is a link")
    handle = os.open(path, _FLAGS | more, 0o666)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _not_ours(path, "it is not a file")
        if found.st_nlink > 1:
            raise _not_ours(path, "it is a file that has another name, too")
        if not _WORD.fullmatch(os.read(handle, _LONGEST + 1)):
            raise _not_ours(path, "something else is written in it")
        os.lseek(handle, 0, os.SEEK_SET)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _not_ours(path: Path, why: str) -> RunError:
    return RunError(
        f"{path} is not the file by which a training holds its folder: {why}, and it is left as it is. See "
        "whom the run comes from; if you trust it, remove that file, then try again."
    )


def _mark(handle: int) -> str:
    """Put a word of one's own into the file, and return it; no word where the disk is full."""
    word = secrets.token_hex(16)
    os.ftruncate(handle, 0)
    try:
        return word if os.write(handle, word.encode()) == len(word) else ""
    except OSError:
        return ""


def _lock(handle: int, folder: Path) -> bool:
    """Lock the file; False where the file system knows no locks.

    Raises:
        RunError: somebody else has it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _TAKEN:
            return False
        raise RunError(
            f"another training is running in {folder}. Wait for it or stop it, then continue with --resume; "
            "or train to another folder with -o."
        ) from None
    return True
