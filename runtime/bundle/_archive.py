"""A .zip that nobody vouches for: its directory is read and checked once, before anything is unpacked.

`zipfile` reads the whole directory and makes an object of each entry, whatever their number, so the file is
handed to it through `Guarded`, which refuses to read more of a directory than the limits allow. The .zip is
open only while something is read: a bundle may be kept for long, and its file be moved or removed.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from diabolo.runtime.bundle._entries import check_entries
from diabolo.runtime.bundle.limits import BundleLimits
from diabolo.runtime.errors import BundleError, IntegrityError

__all__ = ["ZIP_ERRORS", "Archive", "Guarded"]

ZIP_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # an unknown compression
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
_RECORD = 1024  # bytes of the directory for an entry: its name, times, attributes
_END = 1 << 17  # bytes of the end record with its comment, of at most 64 KiB
_SIGNATURE = b"PK\x01\x02"  # of an entry in the directory


class Archive:
    """The entries of a .zip, by name. May be shared by threads.

    Args:
        path: the .zip.
        limits: of its size, its entries and what they unpack to.

    Attributes:
        sizes: bytes that each file unpacks to, by its name; folders are left out.
        packed: bytes that each of them takes in the .zip.

    Raises:
        BundleError: it is no .zip, is damaged, or holds more or other things than a bundle may.
    """

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._path, self._lock = path, threading.Lock()
        with _told(path, str(path)):
            size = path.stat().st_size
            if size > limits.archive:
                raise BundleError(f"{path} has {size:,} bytes; a bundle's .zip may have {limits.archive:,}.")
            self._file = Guarded(lambda: path.open("rb"), size, limits.entries)
            with self._file.opened():
                if not zipfile.is_zipfile(self._file):
                    raise BundleError(f"{path} is neither a folder nor a .zip of a bundle.")
                self._zip = zipfile.ZipFile(self._file)
        self._file.reading_directory = False
        entries = self._zip.infolist()
        check_entries(path, entries, limits, size)
        files = [entry for entry in entries if not entry.is_dir()]
        self.sizes = {entry.filename: entry.file_size for entry in files}
        self.packed = {entry.filename: entry.compress_size for entry in files}

    def size(self, name: str) -> int:
        """How many bytes a file unpacks to, by the directory.

        Raises:
            IntegrityError: there is none of that name.
        """
        if name not in self.sizes:
            raise IntegrityError(f"{name} is missing from {self._path}. Get the bundle again.")
        return self.sizes[name]

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file's bytes; never more of them than the directory says.

        Raises:
            BundleError: it cannot be unpacked.
        """
        with (
            _told(self._path, f"{name} in {self._path}"),
            self._lock,
            self._file.opened(),
            self._zip.open(name) as file,
        ):
            yield file


@contextlib.contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Say what cannot be read where `zipfile` gives up."""
    try:
        yield
    except ZIP_ERRORS as error:
        reason = str(error).replace(str(path), path.name) or type(error).__name__
        raise BundleError(f"{what} cannot be read: {reason}. Get the bundle again.") from None


class Guarded(io.RawIOBase):
    """What `zipfile` needs of a file; open within `opened` only.

    Args:
        opener: opens it.
        size: its bytes.
        entries: that its directory may have; `read` raises ValueError for more, and for a larger directory.

    Attributes:
        reading_directory: whether that bound holds; no longer when files are read.
    """

    def __init__(self, opener: Callable[[], BinaryIO], size: int, entries: int) -> None:
        self.reading_directory = True
        self._opener, self._size, self._entries = opener, size, entries
        self._inner: BinaryIO | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        with self._opener() as self._inner:
            try:
                yield
            finally:
                self._inner = None

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        if not self.reading_directory:
            return self._file.read(-1 if size is None else size)
        wanted = self._size - self.tell() if size is None or size < 0 else size
        most = max(_END, self._entries * _RECORD)
        if wanted > most:
            raise ValueError(
                f"it has a directory of {wanted:,} bytes; {most:,} are allowed, for {self._entries:,} entries"
            )
        raw = self._file.read(wanted)
        if raw.startswith(_SIGNATURE) and (count := raw.count(_SIGNATURE)) > self._entries:
            raise ValueError(f"it has {count:,} entries; {self._entries:,} are allowed")
        return raw

    @property
    def _file(self) -> BinaryIO:
        if self._inner is None:
            raise ValueError("the file is closed")
        return self._inner
