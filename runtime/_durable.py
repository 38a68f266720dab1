"""Write files and folders atomically and durably: write, flush, rename.

A rename alone is atomic if the process is killed, but not if the power fails: the new name may reach the disk
before the new bytes. The bytes are therefore flushed before the rename, and the folder that holds the name is
flushed after it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["PART", "flush", "flush_tree", "make_folder", "move_folder", "replacing"]

PART = ".part"  # the suffix of a temporary name
_CANNOT = {
    errno.EINVAL,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
}  # flushing is not supported


@contextmanager
def replacing(path: Path, temporary: Path | None = None, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to, which replaces `path` if the `with` block succeeds.

    If the block raises, `path` does not change and the temporary file is removed.

    Args:
        path: the file.
        temporary: a file in the same folder, with an unpredictable name; by default `path` with the suffix
            `.part`. A file or link that exists under that default name is removed first.
        durable: flush to disk; otherwise a power failure may leave an empty file.

    Raises:
        OSError: the file cannot be written, flushed or renamed.
    """
    if temporary is None:
        temporary = path.with_name(path.name + PART)
        _create(temporary)
    try:
        yield temporary
        if durable:
            flush(temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # it may not exist
            temporary.unlink()
        raise
    if durable:
        flush(path.parent)


def _create(path: Path) -> None:
    """Create an empty file; a link of that name, in a folder from elsewhere, must not be followed."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666))


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, and flush their names to disk.

    Raises:
        OSError: the folder cannot be created.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        flush(each.parent)


def move_folder(temporary: Path, target: Path) -> None:
    """Flush a complete folder to disk and rename it.

    Args:
        temporary: the folder.
        target: its new path, which must not exist.

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
    """Flush a file's bytes, or a folder's list of names, to disk, if the system supports it.

    Raises:
        OSError: the disk is full or fails.
    """
    folder = path.is_dir()
    if folder and sys.platform == "win32":  # a folder cannot be opened there
        return
    try:
        # some systems flush only files that are open for writing
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except PermissionError:
        if folder:  # a folder may be writable but not readable
            return
        raise
    try:
        _sync(handle)
    except OSError as error:
        # some systems refuse to flush what is open for reading only, as folders always are
        if error.errno not in _CANNOT and not (folder and error.errno == errno.EBADF):
            raise
    finally:
        os.close(handle)


def _sync(handle: int) -> None:
    if sys.platform == "darwin":  # fsync does not flush the drive's cache there
        import fcntl

        with suppress(OSError):  # some file systems do not support it
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)
