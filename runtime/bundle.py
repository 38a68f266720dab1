"""A bundle on disk: a folder or a .zip of one, its files checked against model.json as they are read.

Nothing in a bundle is executed or unpickled, and no path that leaves it is followed.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime import ready
from diabolo.runtime._onnx import external_tensors
from diabolo.runtime.errors import BundleError, IntegrityError
from diabolo.runtime.manifest import Manifest, parse

__all__ = ["Bundle"]

_MANIFEST_LIMIT = 64 << 20  # bytes; a golden 256 x 256 colour image takes 2 MiB
_ARRAYS_LIMIT = 512 << 20  # bytes of unpacked arrays
_ZIP_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # an unknown compression
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class Bundle:
    """An opened bundle.

    Attributes:
        manifest: its model.json.
        path: the folder or the .zip.
    """

    def __init__(self, path: Path, manifest: Manifest, prefix: str | None) -> None:
        self.path = path
        self.manifest = manifest
        self._prefix = prefix  # inside the zip; None for a folder

    @classmethod
    def open(cls, source: str | Path) -> Bundle:
        """Open a ready-made model by its name, a folder, or a .zip that holds a bundle.

        A name wins over a folder of the same name; `./name`, or a Path, means the folder. In a .zip the
        bundle's files lie at the top or in one folder.

        Raises:
            BundleError: there is no bundle at `source`.
            ManifestError: its model.json cannot be used.
            IntegrityError: its model.json was changed.
        """
        path = ready.locate(source)
        if path.is_dir():
            if not (path / "model.json").is_file():
                raise BundleError(
                    f"{path} is not a bundle: it has no model.json. "
                    f"{_run_hint(path) or 'Make one with: diabolo export RUN.'}"
                )
            return cls(path, parse(_read_file(path / "model.json", _MANIFEST_LIMIT)), None)
        if path.is_file():
            return cls._open_zip(path)
        raise BundleError(ready.missing(source))

    @classmethod
    def _open_zip(cls, path: Path) -> Bundle:
        if not zipfile.is_zipfile(path):
            raise BundleError(f"{path} is neither a folder nor a .zip of a bundle.")
        found = [n for n in _zip_names(path) if n.split("/")[-1] == "model.json" and n.count("/") <= 1]
        if len(found) != 1:
            raise BundleError(f"{path} holds {len(found)} model.json; a bundle's .zip holds exactly one.")
        prefix = found[0][: -len("model.json")]
        return cls(path, parse(_read_zip(path, found[0], _MANIFEST_LIMIT)), prefix)

    def read(self, name: str) -> bytes:
        """The bytes of a file that model.json lists, its size and sha256 checked.

        Raises:
            IntegrityError: it is not listed, missing, or was changed.
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            raise IntegrityError(f"model.json of {self.path} lists no {name!r}. Get the bundle again.")
        if self._prefix is None:
            target = self.path / name
            if not target.resolve().is_relative_to(self.path.resolve()):
                raise IntegrityError(f"{name!r} is a link that leaves the bundle {self.path}. Do not use it.")
            raw = _read_file(target, entry.size)
        else:
            raw = _read_zip(self.path, self._prefix + name, entry.size)
        if len(raw) != entry.size or hashlib.sha256(raw).hexdigest() != entry.sha256:
            raise IntegrityError(
                f"{name} in {self.path} is not the file that was exported: its sha256 differs. "
                "Get the bundle again."
            )
        return raw

    def read_role(self, role: str) -> bytes:
        """The bytes of the first file with this role, checked.

        Raises:
            IntegrityError: no file has the role, or it was changed.
        """
        name = self.manifest.file(role)
        if name is None:
            raise IntegrityError(f"the bundle {self.path} has no file with the role {role!r}. Get it again.")
        return self.read(name)

    def read_graph(self, role: str) -> bytes:
        """The bytes of the graph with this role, checked; one that would read other files is refused.

        Raises:
            IntegrityError: no file has the role, it was changed, or it refers to files of its own.
        """
        raw = self.read_role(role)
        name = self.manifest.file(role)
        try:
            outside = external_tensors(raw)
        except ValueError as error:
            raise IntegrityError(f"{name} in {self.path} is no .onnx file: {error}. Get it again.") from None
        if outside:
            raise IntegrityError(
                f"{name} in {self.path} keeps the values of {outside[0]!r} in another file, which a bundle "
                "must not. Do not use it."
            )
        return raw

    def extra_files(self) -> list[str]:
        """Files that lie in the bundle but are not listed in model.json, sorted."""
        if self._prefix is None:
            inside = (p for p in self.path.rglob("*") if not p.is_dir())
            present = {p.relative_to(self.path).as_posix() for p in inside}
        else:
            present = {n.removeprefix(self._prefix) for n in _zip_names(self.path) if not n.endswith("/")}
        return sorted(present - self.manifest.files.keys() - {"model.json"})

    def arrays(self, role: str) -> dict[str, NDArray[np.generic]] | None:
        """The arrays of the .npz file with this role, or None when the bundle has none.

        Raises:
            IntegrityError: the file was changed or is no .npz of plain arrays.
        """
        name = self.manifest.file(role)
        if name is None:
            return None
        raw = self.read(name)
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                if sum(member.file_size for member in archive.infolist()) > _ARRAYS_LIMIT:
                    raise IntegrityError(f"{name} in {self.path} unpacks to too much. Do not use it.")
                return {
                    member.removesuffix(".npy"): _array(archive.read(member)) for member in archive.namelist()
                }
        except _ZIP_ERRORS as error:
            raise IntegrityError(f"{name} in {self.path} cannot be read: {error}.") from None


def _array(raw: bytes) -> NDArray[np.generic]:
    """One .npy of plain numbers whose header does not promise more than is there."""
    buffer = io.BytesIO(raw)
    version = np.lib.format.read_magic(buffer)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(buffer)
    if dtype.kind not in "fiu" or prod(shape) * dtype.itemsize != len(raw) - buffer.tell():
        raise ValueError(f"an array of {dtype} and shape {shape} is not what its header says")
    array: NDArray[np.generic] = np.load(io.BytesIO(raw), allow_pickle=False)
    return array


def _zip_names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except _ZIP_ERRORS as error:
        raise BundleError(f"{path} cannot be read: {error}. Get the bundle again.") from None


def _run_hint(path: Path) -> str:
    if (path / "config.json").is_file():
        return f"It is a run; export it first: diabolo export {path}."
    return ""


def _read_file(path: Path, limit: int) -> bytes:
    """Read at most one byte more than `limit`, so that a swapped-in huge file costs nothing."""
    try:
        with path.open("rb") as file:
            return _limited(file.read(limit + 1), limit, path)
    except FileNotFoundError:
        raise IntegrityError(f"{path.name} is missing from {path.parent}. Get the bundle again.") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}.") from None


def _read_zip(path: Path, name: str, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            return _limited(file.read(limit + 1), limit, path / name)
    except KeyError:
        raise IntegrityError(f"{name} is missing from {path}. Get the bundle again.") from None
    except _ZIP_ERRORS as error:
        raise BundleError(f"{name} in {path} cannot be read: {error}. Get the bundle again.") from None


def _limited(raw: bytes, limit: int, path: Path) -> bytes:
    if len(raw) > limit:
        raise IntegrityError(
            f"{path.name} is larger than the {limit} bytes it should have. Get the bundle again."
        )
    return raw
