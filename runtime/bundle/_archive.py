"""An untrusted .zip: its directory is read and checked once, before anything is unpacked.

`zipfile` reads the whole directory and creates an object for each entry, however many there are. It therefore
gets the file as a `BoundedFile`, which does not read a directory that is larger than the limits allow. The
.zip is open only while something is read: a bundle may be used for a long time, and its file may be moved or
removed.
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

__all__ = ["ZIP_ERRORS", "Archive", "BoundedFile"]

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
_RECORD = 1024  # bytes of an entry in the directory: its name, times, attributes
_END = 1 << 17  # bytes of the end record with its comment, which has at most 64 KiB
_SIGNATURE = b"PK\x01\x02"  # the beginning of an entry in the directory


class Archive:
    """The files in a .zip. Threads may share it.

    Args:
        path: the .zip.
        limits: of the .zip's size, of its entries, and of their unpacked size.

    Attributes:
        sizes: the unpacked size of each file in bytes, by name; folders are not included.
        packed: the compressed size of each file in bytes, by name.

    Raises:
        BundleError: the file is not a .zip, is damaged, or has entries that are not allowed in a bundle.
    """

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._path, self._lock = path, threading.Lock()
        with _bundle_errors(path, str(path)):
            size = path.stat().st_size
            if size > limits.archive:
                raise BundleError(f"{path} has {size:,} bytes; a bundle's .zip may have {limits.archive:,}.")
            self._file = BoundedFile(lambda: path.open("rb"), size, limits.entries)
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
        """The unpacked size of a file in bytes, as the directory declares it.

        Raises:
            IntegrityError: the .zip has no file of that name.
        """
        if name not in self.sizes:
            raise IntegrityError(f"{name} is missing from {self._path}. Get the bundle again.")
        return self.sizes[name]

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file for reading; no more bytes are unpacked than the directory declares.

        Raises:
            BundleError: the file cannot be unpacked.
        """
        with (
            _bundle_errors(self._path, f"{name} in {self._path}"),
            self._lock,
            self._file.opened(),
            self._zip.open(name) as file,
        ):
            yield file


@contextlib.contextmanager
def _bundle_errors(path: Path, what: str) -> Iterator[None]:
    """Turn the exceptions of `zipfile` into a BundleError that names `what` cannot be read."""
    try:
        yield
    except ZIP_ERRORS as error:
        reason = str(error).replace(str(path), path.name) or type(error).__name__
        raise BundleError(f"{what} cannot be read: {reason}. Get the bundle again.") from None


class BoundedFile(io.RawIOBase):
    """A file for `zipfile` whose directory has a limited size. It is open only inside `opened`.

    Args:
        opener: opens the file.
        size: of the file, in bytes.
        entries: the most entries of its directory; `read` raises ValueError for more, and for a larger
            directory.

    Attributes:
        reading_directory: whether the limit applies; set it to False once the directory has been read.
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
