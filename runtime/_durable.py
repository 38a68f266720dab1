"""Files and folders that appear whole or not at all, also where the power fails: write, flush, rename.

A rename is safe against a process that is killed, and not against a power cut: the disk may get the new name
before the new bytes. So the bytes are flushed before the rename, and the folder that holds the name after it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["PART", "flush", "flush_tree", "make_folder", "move_folder", "replacing"]

PART = ".part"  # the end of a temporary name
_CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # what cannot be flushed says so


@contextmanager
def replacing(path: Path, temporary: Path | None = None, *, durable: bool = True) -> Iterator[Path]:
    """A path to write to: what was written takes the place of `path` when the block ends well.

    When it does not, `path` is as it was and nothing is left.

    Args:
        path: the file.
        temporary: where to write, in the same folder, by a name that nobody foresees; by default `path` with
            `.part` at the end, made anew: what lies there, such as a link to another file, is removed.
        durable: flush to disk. Without it a power cut may leave an empty file.

    Raises:
        OSError: it cannot be written, flushed or renamed.
    """
    if temporary is None:
        temporary = path.with_name(path.name + PART)
        _make_anew(temporary)
    try:
        yield temporary
        if durable:
            flush(temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # it may never have come to be
            temporary.unlink()
        raise
    if durable:
        flush(path.parent)


def _make_anew(path: Path) -> None:
    """An empty file of its own: a folder that came from somebody else may hold a link of that name."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666))


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing, and flush their names to disk.

    Raises:
        OSError: it cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        flush(each.parent)


def move_folder(temporary: Path, target: Path) -> None:
    """Give a folder that is complete, with all below it on disk, its name.

    Raises:
        OSError: something cannot be flushed, or the folder cannot be renamed.
    """
    flush_tree(temporary)
    temporary.rename(target)
    flush(target.parent)


def flush_tree(folder: Path) -> None:
    """Flush a folder and every file below it to disk.

    Raises:
        OSError: the disk is full or fails.
    """
    for path in folder.iterdir():
        if path.is_dir():
            flush_tree(path)
        else:
            flush(path)
    flush(folder)


def flush(path: Path) -> None:
    """Flush a file's bytes, or a folder's list of names, to disk; nothing where the system has no way to.

    Raises:
        OSError: the disk is full or fails.
    """
    folder = path.is_dir()
    if folder and sys.platform == "win32":  # a folder cannot be opened there
        return
    try:
        # some systems flush only what is open for writing
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except PermissionError:
        if folder:  # one may be allowed to write into a folder and not to list it
            return
        raise
    try:
        _sync(handle)
    except OSError as error:
        # some systems refuse what is open for reading only, and a folder cannot be open for more
        if error.errno not in _CANNOT and not (folder and error.errno == errno.EBADF):
            raise
    finally:
        os.close(handle)


def _sync(handle: int) -> None:
    if sys.platform == "darwin":  # fsync stops at the drive's own cache there
        import fcntl

        with suppress(OSError):  # not every file system knows it
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)
