"""Decoded images kept in the cache: one file of uint8 for a whole set, built once, then read or mapped.

    CACHE/decoded/NAME-PLACE/KEY/images.u8     n x channels x height x width bytes
    CACHE/decoded/NAME-PLACE/KEY/kept.npy      which of the files listed these are, int64 (n,)
    CACHE/decoded/NAME-PLACE/KEY/index.json    shape, notes, the files left out, sha256

PLACE stands for where the images come from and how they are fitted, KEY for the files' names, sizes and
times: what changes is decoded again, and the old ones go. A store is built under another name and renamed
when it is whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import Rows, cache_dir
from diabolo.train.datasets._memory import budget
from diabolo.train.errors import DataError

__all__ = ["Facts", "Store", "compact", "digest", "reserve", "stored"]

_VERSION = 1  # raised when the same files would be decoded to other bytes
_ABANDONED = 24 * 3600  # seconds after which an unfinished store of another machine is nobody's


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a store beside its bytes."""

    shape: tuple[int, int, int, int]  # (images, channels, height, width)
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()  # (file, reason)
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Store:
    """A whole store.

    Attributes:
        images: uint8 `(n, channels, height, width)`, in memory where that fits, else mapped.
        kept: int64 `(n,)`, which of the files listed each image is.
    """

    images: Rows
    kept: NDArray[np.int64]
    facts: Facts


Build = Callable[[Path], tuple[Facts, NDArray[np.int64]]]
"""Fills the new folder given with `images.u8` and returns its facts and `kept`."""


def stored(name: str, place: Any, key: Any, build: Build) -> Store:
    """The store for the JSON values `place` and `key`, built if it is not there.

    Raises:
        DataError: it cannot be written, or what `build` raises.
    """
    home = cache_dir() / "decoded" / f"{_plain(name)}-{_hash([_VERSION, place])[:12]}"
    folder = home / _hash(key)[:16]
    return _open(folder) or _build(home, folder, build)


def reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes whose place on the disk is sure: written to later, it cannot run out of it.

    Raises:
        DataError: the disk has not that much left.
    """
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise DataError(
            f"the decoded images take {size / 1e6:,.0f} MB and {path.parent} has {free / 1e6:,.0f} left. "
            "Make room, choose a smaller --image-size, or name another folder in DIABOLO_CACHE."
        )
    with path.open("wb") as file:
        file.truncate(size)
        if hasattr(os, "posix_fallocate") and size:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # some file systems cannot
                    raise


def compact(path: Path, shape: tuple[int, int, int, int], kept: NDArray[np.int64], channels: int) -> None:
    """Shrink a file of `shape` to its rows `kept`, ascending, and their first `channels`, in place."""
    if len(kept) == shape[0] and channels == shape[1]:
        return
    rows = Rows(np.asarray(np.memmap(path, np.uint8, "r", shape=shape)), kept)
    step = max(1, 2**24 // int(np.prod(shape[1:])))
    with path.open("r+b") as file:
        for start in range(0, len(kept), step):
            # never behind what is still to be read: rows only move towards the beginning
            file.write(rows[start : start + step][:, :channels].tobytes())
        size = file.tell()
    del rows  # some systems cannot shorten a file that is mapped
    os.truncate(path, size)


def digest(path: Path, names: list[str]) -> str:
    """The sha256 of the images' names and bytes."""
    with path.open("rb") as file:
        pixels = hashlib.file_digest(file, "sha256").hexdigest()
    listed = b"\0".join(os.fsencode(name) for name in names)
    return hashlib.sha256(listed + b"\0" + pixels.encode()).hexdigest()


def _hash(value: Any) -> str:
    # names that are no text hold surrogates, which JSON escapes
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _plain(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:40] or "images"


def _open(folder: Path) -> Store | None:
    """The store in the folder, or None where there is none that can be trusted."""
    try:
        document = json.loads((folder / "index.json").read_text("utf-8"))
        facts = Facts(
            shape=tuple(document["shape"]),
            notes=tuple(document["notes"]),
            skipped=tuple((name, reason) for name, reason in document["skipped"]),
            sha256=document["sha256"],
        )
        kept = np.load(folder / "kept.npy", allow_pickle=False)
        whole = (folder / "images.u8").stat().st_size == int(np.prod(facts.shape))
    except (OSError, EOFError, TokenError, ValueError, KeyError, TypeError):
        return None
    if not whole or kept.shape != facts.shape[:1]:
        return None
    return Store(images=_rows(folder / "images.u8", facts.shape), kept=kept, facts=facts)


def _rows(path: Path, shape: tuple[int, int, int, int]) -> Rows:
    if int(np.prod(shape)) <= budget():
        return Rows(np.fromfile(path, np.uint8).reshape(shape))
    return Rows(np.asarray(np.memmap(path, np.uint8, "r", shape=shape)))


def _build(home: Path, folder: Path, build: Build) -> Store:
    temporary = None
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        temporary = Path(tempfile.mkdtemp(prefix=f".{_owner()}.", dir=home))
        facts, kept = build(temporary)
        np.save(temporary / "kept.npy", kept, allow_pickle=False)
        (temporary / "index.json").write_text(json.dumps(asdict(facts)), "utf-8")
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        _put(temporary, folder)
    except OSError as error:
        raise DataError(
            f"the decoded images cannot be kept in {home}: {error.strerror or error}. "
            "Mend that, or name another folder in DIABOLO_CACHE."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    for old in home.iterdir():
        if old != folder and not old.name.startswith("."):
            shutil.rmtree(old, ignore_errors=True)
    store = _open(folder)
    if store is None:
        raise DataError(f"the decoded images in {folder} vanished while they were written. Try again.")
    return store


def _put(temporary: Path, folder: Path) -> None:
    if folder.exists():
        if _open(folder):
            return  # another process was faster
        shutil.rmtree(folder)
    temporary.rename(folder)


def _owner() -> str:
    return f"{_plain(platform.node())}.{os.getpid()}"


def _sweep(home: Path) -> None:
    """Remove what a process that is gone left unfinished."""
    import psutil

    for path in home.glob(".*"):
        node, _, rest = path.name.removeprefix(".").partition(".")
        pid = rest.partition(".")[0]
        here = node == _plain(platform.node()) and pid.isdecimal()
        try:
            old = time.time() - path.stat().st_mtime > _ABANDONED
        except OSError:
            continue  # it was finished just now
        if old or (here and not psutil.pid_exists(int(pid))):
            shutil.rmtree(path, ignore_errors=True)
