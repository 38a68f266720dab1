"""Access to the files of a bundle, in a folder or in a .zip."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from diabolo.runtime.bundle._archive import Archive
from diabolo.runtime.bundle.limits import BundleLimits
from diabolo.runtime.errors import BundleError, IntegrityError
from diabolo.runtime.listing import explain, is_folder

__all__ = ["Files", "Folder", "Zipped"]


class Files(Protocol):
    """The files of a bundle, by name, with '/' between folders."""

    def size(self, name: str) -> int:
        """The size of a file in bytes, found without reading it.

        Raises:
            IntegrityError: the file is missing, or is outside the bundle.
        """

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open a file for reading.

        Raises:
            BundleError: it cannot be read.
        """

    def packed(self, name: str) -> int:
        """The compressed size in bytes of a file that exists."""

    def names(self) -> set[str]:
        """The names of all files, whether model.json lists them or not."""


class Folder:
    """The files in a bundle's folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self, name: str) -> int:
        """The size of a file; links that leave the folder and files that are not regular are refused."""
        target = self._path / name
        try:
            if not target.resolve().is_relative_to(self._path.resolve()):
                raise IntegrityError(f"{name!r} is a link that leaves {self._path}. Do not use it.")
            if not target.exists():
                raise IntegrityError(f"{target.name} is missing from {target.parent}. Get the bundle again.")
            if not target.is_file():
                raise IntegrityError(f"{target} is not a regular file. Get the bundle again.")
            return target.stat().st_size
        except RuntimeError:  # resolve() raises it before Python 3.13
            raise BundleError(
                f"{target} is a link that leads back to itself. Get the bundle again."
            ) from None
        except OSError as error:
            raise BundleError(f"{target} cannot be read: {explain(error)}. Get the bundle again.") from None

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file for reading."""
        path = self._path / name
        try:
            with path.open("rb") as file:
                yield file
        except OSError as error:
            raise BundleError(f"{path} cannot be read: {error.strerror or error}.") from None

    def packed(self, name: str) -> int:
        """The size of a file: nothing is compressed."""
        return self.size(name)

    def names(self) -> set[str]:
        """The names of all files, including those in sub-folders."""
        inside = (p for p in self._path.rglob("*") if not is_folder(p))
        return {p.relative_to(self._path).as_posix() for p in inside}


class Zipped:
    """The files in a bundle's .zip, at its top or in one folder.

    Raises:
        BundleError: the .zip cannot be opened, or does not have exactly one model.json.
    """

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._archive = Archive(path, limits)
        sizes = self._archive.sizes
        found = [n for n in sizes if n.split("/")[-1] == "model.json" and n.count("/") <= 1]
        if len(found) != 1:
            raise BundleError(
                f"{path} holds {len(found)} model.json files; a bundle's .zip holds exactly one."
            )
        self._prefix = found[0][: -len("model.json")]

    def size(self, name: str) -> int:
        """The unpacked size of a file, as the .zip's directory declares it."""
        return self._archive.size(self._prefix + name)

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open a file; it is unpacked as it is read."""
        return self._archive.open(self._prefix + name)

    def packed(self, name: str) -> int:
        """The compressed size of a file, as the .zip's directory declares it."""
        return self._archive.packed[self._prefix + name]

    def names(self) -> set[str]:
        """The names of all files; those outside the bundle's folder keep their full names."""
        return {name.removeprefix(self._prefix) for name in self._archive.sizes}
