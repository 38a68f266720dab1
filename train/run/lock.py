"""Only one training at a time in a run's folder, by a lock of the operating system on RUN/.lock.

The system releases the lock when the process ends, however it ends: nobody has to remove a file by hand. The
file contains a random token, by which a training notices that the folder at this path is another one now.

A run may come from anybody: if RUN/.lock is not such a file, it is neither followed nor written to.
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
# follow no link and wait for no pipe; Windows has neither flag
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_TOKEN = re.compile(rb"[0-9a-f]{0,32}")  # the whole content; shorter if the disk was full
_LONGEST = 32  # bytes of a token
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_FAR = 2**30  # the byte that is locked on Windows, where locked bytes cannot be read


class Lock:
    """The lock that this training has on a run's folder.

    Attributes:
        folder: the run's folder.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self.folder, self._token = folder, token

    def lost(self) -> str:
        """What has happened to the folder, as the end of 'the folder RUN ...'; '' while it is unchanged.

        A folder that was removed may have been made again, so another one may be at its path.
        """
        if not (self.folder / "config.json").is_file():
            return "was removed or renamed"
        try:
            handle = _open(self.folder)
        except OSError:
            return ""  # only the file was removed, or it cannot be opened right now
        except RunError:
            return "was replaced by another one"
        try:
            replaced = os.read(handle, _LONGEST).decode("ascii") != self._token
        except OSError:
            return ""
        finally:
            os.close(handle)
        return "was replaced by another one" if replaced and self._token else ""


@contextmanager
def hold(folder: Path, note: Callable[[str], None]) -> Iterator[Lock]:
    """Lock an existing folder until the block ends.

    Args:
        folder: of a run.
        note: called with a message if the file system has no locks.

    Raises:
        RunError: another training has the lock, the folder cannot be written to, or its lock file is not one
            that a training wrote.
    """
    try:
        handle = _open(folder, os.O_CREAT)
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written to: {error.strerror}. Allow it, or train elsewhere with -o."
        ) from None
    try:
        if not _lock(handle, folder):
            note(f"{folder} is on a file system without locks: make sure that no second training runs in it")
        yield Lock(folder, _mark(handle))
    finally:
        os.close(handle)  # and the lock with it


def refuse_running(folder: Path) -> None:
    """Check that no training runs in a folder, which need not be a run.

    Raises:
        RunError: one does, or its lock file is not one that a training wrote.
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
    """Open the lock file, and return its descriptor, positioned at the start.

    Raises:
        OSError: it cannot be opened.
        RunError: it is not a file that a training wrote.
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
        if not _TOKEN.fullmatch(os.read(handle, _LONGEST + 1)):
            raise _not_ours(path, "something else is written in it")
        os.lseek(handle, 0, os.SEEK_SET)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _not_ours(path: Path, why: str) -> RunError:
    return RunError(
        f"{path} is not the lock file of a training: {why}. It is left unchanged. Check where the run comes "
        "from; if you trust it, remove that file, then try again."
    )


def _mark(handle: int) -> str:
    """Write a new token to the file, and return it; '' if the disk is full."""
    token = secrets.token_hex(16)
    os.ftruncate(handle, 0)
    try:
        return token if os.write(handle, token.encode()) == len(token) else ""
    except OSError:
        return ""


def _lock(handle: int, folder: Path) -> bool:
    """Lock the file; False if the file system has no locks.

    Raises:
        RunError: another process has the lock.
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
