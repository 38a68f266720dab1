"""Where the files of a bundle lie: in a folder, or in a .zip."""

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
    """Files by their names, which have '/' between folders."""

    def size(self, name: str) -> int:
        """Bytes of a file, before it is read.

        Raises:
            IntegrityError: it is missing, or not in the bundle.
        """

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A file to be read.

        Raises:
            BundleError: it cannot be.
        """

    def packed(self, name: str) -> int:
        """Bytes that a file, which is there, takes where it lies."""

    def names(self) -> set[str]:
        """Of all files, listed in model.json or not."""


class Folder:
    """A bundle's folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self, name: str) -> int:
        """Links that leave the folder and what is no plain file are refused."""
        target = self._path / name
        try:
            if not target.resolve().is_relative_to(self._path.resolve()):
                raise IntegrityError(f"{name!r} is a link that leaves {self._path}. Do not use it.")
            if not target.exists():
                raise IntegrityError(f"{target.name} is missing from {target.parent}. Get the bundle again.")
            if not target.is_file():
                raise IntegrityError(f"{target} is no plain file. Get the bundle again.")
            return target.stat().st_size
        except RuntimeError:  # of resolve(), before Python 3.13
            raise BundleError(f"{target} is a link that leads back to itself. Get it again.") from None
        except OSError as error:
            raise BundleError(f"{target} cannot be read: {explain(error)}. Get the bundle again.") from None

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """As it lies there."""
        path = self._path / name
        try:
            with path.open("rb") as file:
                yield file
        except OSError as error:
            raise BundleError(f"{path} cannot be read: {error.strerror or error}.") from None

    def packed(self, name: str) -> int:
        """All of them: nothing is compressed."""
        return self.size(name)

    def names(self) -> set[str]:
        """With those in folders of the bundle."""
        inside = (p for p in self._path.rglob("*") if not is_folder(p))
        return {p.relative_to(self._path).as_posix() for p in inside}


class Zipped:
    """A bundle's .zip; its files lie at the top, or in one folder.

    Raises:
        BundleError: it holds no model.json, or several; or it is no .zip that may be opened.
    """

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._archive = Archive(path, limits)
        sizes = self._archive.sizes
        found = [n for n in sizes if n.split("/")[-1] == "model.json" and n.count("/") <= 1]
        if len(found) != 1:
            raise BundleError(f"{path} holds {len(found)} model.json; a bundle's .zip holds exactly one.")
        self._prefix = found[0][: -len("model.json")]

    def size(self, name: str) -> int:
        """By the .zip's directory."""
        return self._archive.size(self._prefix + name)

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Unpacked as it is read."""
        return self._archive.open(self._prefix + name)

    def packed(self, name: str) -> int:
        """Compressed, by the .zip's directory."""
        return self._archive.packed[self._prefix + name]

    def names(self) -> set[str]:
        """Those beside the bundle's folder keep their whole names."""
        return {name.removeprefix(self._prefix) for name in self._archive.sizes}
