"""The cache of decoded images: one file of uint8 for a whole dataset, built once, then read or mapped.

    CACHE/decoded/NAME-PLACE/OPTIONS-KEY/images.u8     n x channels x height x width bytes, or pictures of
                                                       different sizes, one after the other
    CACHE/decoded/NAME-PLACE/OPTIONS-KEY/kept.npy      which of the files listed these are, int64 (n,)
    CACHE/decoded/NAME-PLACE/OPTIONS-KEY/index.json    shape, notes, the files left out, sha256

PLACE identifies where the images come from, OPTIONS how they are resized, KEY the names, sizes and times of
the files: if these change, the images are decoded again, and the old store is removed. The latest few
stores of a place are kept. A store is built under a temporary name and renamed when it is complete.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._durable import move_folder
from diabolo.train.datasets._base import Rows, cache_dir
from diabolo.train.datasets._cropping.pictures import Pictures, starts_of
from diabolo.train.datasets._decoding.memory import budget
from diabolo.train.datasets._unfinished import begin, sweep
from diabolo.train.errors import DataError

__all__ = ["Facts", "Store", "compact", "digest", "reserve", "stored"]

_VERSION = 2  # incremented when the same files would be decoded to other bytes
_OPTIONS = 4  # stores of one place, with different options, that are kept


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The content of a store's index.json.

    Attributes:
        shape: `(images, channels, height, width)`; height and width are 0 if the images differ in size.
        sizes: height and width of each image, if they differ.
        notes: messages for the user.
        skipped: names and reasons of files that could not be read.
        again: indices of the files that could not be read for a temporary reason.
        sha256: of the images' names and bytes.
        value_range: the grey values of images of more than 8 bits that became black and white, if others than
            usual.
    """

    shape: tuple[int, int, int, int]
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    again: tuple[int, ...] = ()
    sha256: str = ""
    value_range: tuple[float, float] | None = None
    sizes: tuple[tuple[int, int], ...] = ()

    @property
    def bytes(self) -> int:
        """The length of images.u8."""
        if self.sizes:
            return self.shape[1] * sum(height * width for height, width in self.sizes)
        return int(np.prod(self.shape))


@dataclass(frozen=True, kw_only=True)
class Store:
    """A complete store.

    Attributes:
        pixels: uint8 `(bytes,)`, of all images, in memory if they fit, else mapped.
        kept: int64 `(n,)`, for each image the index of its file.
    """

    pixels: NDArray[np.uint8]
    kept: NDArray[np.int64]
    facts: Facts

    @property
    def images(self) -> Rows:
        """The images, if they are of one size: uint8 `(n, channels, height, width)`."""
        return Rows(self.pixels.reshape(self.facts.shape))

    @property
    def pictures(self) -> Pictures:
        """The images, if they differ in size."""
        sizes = np.array(self.facts.sizes, np.int64).reshape(-1, 2)
        channels = self.facts.shape[1]
        return Pictures(
            pixels=self.pixels, starts=channels * starts_of(sizes), sizes=sizes, channels=channels
        )


Build = Callable[[Path], tuple[Facts, NDArray[np.int64]]]
"""Writes `images.u8` to the given new folder, and returns its facts and `kept`."""


def stored(
    name: str,
    place: Any,
    options: Any,
    key: Any,
    build: Build,
    outdated: Callable[[Facts], bool] = lambda _: False,
) -> Store:
    """The store for the JSON values `place`, `options` and `key`; built if there is none, or an outdated one.

    Raises:
        DataError: it cannot be written, or what `build` raises.
    """
    home = cache_dir() / "decoded" / f"{_plain(name)}-{_hash([_VERSION, place])[:12]}"
    folder = home / f"{_hash(options)[:8]}-{_hash(key)[:16]}"
    store = _open(folder)
    if store and not outdated(store.facts):
        with suppress(OSError):  # the cache may be read-only; the latest used is kept longest
            os.utime(folder / "index.json")
        return store
    return _build(home, folder, build, replaces=store is not None)


def reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes and allocate its disk space, so that writing to it later cannot fail.

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
            # rows only move towards the start, so no unread row is overwritten
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
    # names with invalid Unicode contain surrogates, which JSON escapes
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _plain(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:40] or "images"


def _open(folder: Path) -> Store | None:
    """The store in the folder, or None if there is none, or it is damaged."""
    try:
        document = json.loads((folder / "index.json").read_text("utf-8"))
        facts = Facts(
            shape=tuple(document["shape"]),
            notes=tuple(document["notes"]),
            skipped=tuple((name, reason) for name, reason in document["skipped"]),
            again=tuple(document["again"]),
            sha256=document["sha256"],
            value_range=_pair(document.get("value_range")),
            sizes=tuple((int(height), int(width)) for height, width in document.get("sizes", ())),
        )
        kept = np.load(folder / "kept.npy", allow_pickle=False)
        whole = (folder / "images.u8").stat().st_size == facts.bytes
        if not whole or kept.shape != facts.shape[:1]:
            return None
        return Store(pixels=_pixels(folder / "images.u8", facts.bytes), kept=kept, facts=facts)
    except (OSError, EOFError, TokenError, ValueError, KeyError, TypeError):
        return None


def _pair(given: Any) -> tuple[float, float] | None:
    return None if given is None else (float(given[0]), float(given[1]))


def _pixels(path: Path, size: int) -> NDArray[np.uint8]:
    if size <= budget():
        return np.fromfile(path, np.uint8)
    return np.asarray(np.memmap(path, np.uint8, "r", shape=(size,)))


def _build(home: Path, folder: Path, build: Build, replaces: bool) -> Store:
    temporary = None
    try:
        home.mkdir(parents=True, exist_ok=True)
        for each in home.parent.iterdir():
            sweep(each)
        temporary = begin(home)
        facts, kept = build(temporary)
        np.save(temporary / "kept.npy", kept, allow_pickle=False)
        (temporary / "index.json").write_text(json.dumps(asdict(facts)), "utf-8")
        _put(temporary, folder, replaces)
    except OSError as error:
        raise DataError(
            f"the decoded images cannot be kept in {home}: {error.strerror or error}. "
            "Mend that, or name another folder in DIABOLO_CACHE."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    _tidy(home, folder)
    store = _open(folder)
    if store is None:
        raise DataError(f"the decoded images in {folder} vanished while they were written. Try again.")
    return store


def _put(temporary: Path, folder: Path, replaces: bool) -> None:
    if folder.exists():
        if not replaces and _open(folder):
            return  # another process was faster
        shutil.rmtree(folder)
    try:
        move_folder(temporary, folder)
    except OSError:
        if _open(folder) is None:
            raise  # otherwise another process was faster


def _tidy(home: Path, newest: Path) -> None:
    """Remove the store that `newest` replaces, and the least recently used ones of the place."""
    others = []
    for path in home.iterdir():
        if path == newest or path.name.startswith("."):
            continue
        if path.name.partition("-")[0] == newest.name.partition("-")[0]:
            _remove(path)
        else:
            others.append((_used(path), path))
    for _, path in sorted(others, reverse=True)[_OPTIONS - 1 :]:
        _remove(path)


def _used(path: Path) -> float:
    try:
        return (path / "index.json").stat().st_mtime
    except OSError:
        return 0.0


def _remove(folder: Path) -> None:
    # the large file first: if another process has mapped it and it cannot be removed, nothing is
    with suppress(OSError):
        (folder / "images.u8").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
