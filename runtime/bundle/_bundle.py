"""A bundle on disk, a folder or its .zip. Files are checked against model.json as they are read.

Nothing in a bundle is executed or unpickled, and no path or link that leaves it is followed. A file's size is
checked before it is read, and no more bytes are read than that.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import zoo
from diabolo.runtime.bundle._arrays import read_arrays
from diabolo.runtime.bundle._files import Files, Folder, Zipped
from diabolo.runtime.bundle._onnx import external_tensors
from diabolo.runtime.bundle.limits import LOCAL, BundleLimits
from diabolo.runtime.bundle.manifest import FileEntry, Manifest, parse
from diabolo.runtime.errors import BundleError, IntegrityError, ManifestError, UsageError
from diabolo.runtime.listing import is_file, is_folder, quoted, trouble

__all__ = ["Bundle"]

_BLOCK = 1 << 20  # bytes
_RATIO = 200  # the highest compression ratio of a graph; weights hardly compress, unlike codes


class Bundle:
    """An opened bundle. It does not keep any file open.

    It can be pickled: its place is sent, and it is opened again in the other process. If it was changed in
    the meantime, it is refused with an IntegrityError.

    Attributes:
        manifest: its model.json.
        path: the folder or the .zip.
        limits: the limits that it was opened with, which also apply to its files.
    """

    def __init__(self, path: Path, manifest: Manifest, files: Files, limits: BundleLimits) -> None:
        self.path = path
        self.manifest = manifest
        self.limits = limits
        self._files = files

    def __reduce__(self) -> tuple[Any, ...]:
        here = zoo.name_of(self.path) or os.path.abspath(self.path)  # noqa: PTH100 - links stay links
        return _open_again, (here, self.limits, self.manifest.document["digest"])

    @classmethod
    def open(cls, source: str | Path, *, limits: BundleLimits = LOCAL) -> Bundle:
        """Open a bundle and check its model.json.

        Args:
            source: the name of a ready-made model, a bundle's folder, or the .zip of one, with the bundle's
                files at the top or in one folder. The name of a ready-made model takes precedence over a
                folder of the same name; `./name`, or a Path, is always the folder.
            limits: how much a bundle may hold; `STRANGERS` (`runtime.bundle.limits`) for untrusted bundles.

        Raises:
            BundleError: there is no bundle at `source`, or it holds more than `limits` allow.
            ManifestError: model.json is not valid.
            IntegrityError: model.json was changed.
        """
        if not isinstance(limits, BundleLimits):
            raise UsageError(f"limits must be BundleLimits, such as STRANGERS, not {limits!r}.")
        path = zoo.locate(source)
        files: Files
        if is_folder(path):
            if not is_file(path / "model.json"):
                raise BundleError(
                    f"{path} is not a bundle: it has no model.json. "
                    f"{_run_hint(path) or 'Make one with: diabolo export RUN.'}"
                )
            files = Folder(path)
        elif is_file(path):
            files = Zipped(path, limits)
        elif os.path.lexists(path):
            raise BundleError(f"{path} is not a bundle: {trouble(path)}. Give a bundle's folder or its .zip.")
        else:
            raise BundleError(zoo.missing(source))
        manifest = parse(_manifest(files, limits), limits)
        total = sum(entry.size for entry in manifest.files.values())
        if total > limits.unpacked:
            raise ManifestError(
                f"model.json of {path} lists files of {total:,} bytes together; "
                f"{limits.unpacked:,} are allowed."
            )
        return cls(path, manifest, files, limits)

    def read(self, name: str) -> bytes:
        """Read a file that model.json lists, and check its size and sha256.

        Raises:
            IntegrityError: the file is not listed, is missing, or was changed.
        """
        buffer = io.BytesIO()  # getvalue() does not copy
        self._read(name, buffer.write)
        return buffer.getvalue()

    def check(self, name: str) -> None:
        """Check the size and the sha256 of a file, block by block, without loading it into memory.

        Raises:
            IntegrityError: the file is not listed, is missing, or was changed.
        """
        self._read(name, lambda _: None)

    def read_role(self, role: str) -> bytes:
        """Read the first file with this role, and check its size and sha256.

        Raises:
            IntegrityError: no file has the role, or the file was changed.
        """
        name = self.manifest.file(role)
        if name is None:
            raise IntegrityError(
                f"the bundle {self.path} has no file with the role {role!r}. Get the bundle again."
            )
        return self.read(name)

    def read_graph(self, role: str) -> bytes:
        """Read the graph with this role, and check it. A graph that would read other files is refused.

        Args:
            role: 'encoder', 'decoder', 'encoder_uint8' or 'decoder_uint8'.

        Raises:
            IntegrityError: no file has the role, the file was changed, is not an .onnx file, stores tensors
                in other files, or has a compression ratio that weights do not have.
        """
        name = self.manifest.file(role)
        if name is not None:
            self._check_packed(name)
        raw = self.read_role(role)
        try:
            outside = external_tensors(raw, self.limits.fields)
        except ValueError as error:
            raise IntegrityError(
                f"{name} in {self.path} is not an .onnx file: {error}. Get the bundle again."
            ) from None
        if outside:
            raise IntegrityError(
                f"{name} in {self.path} stores the values of {outside[0]!r} in another file, which is "
                "not allowed in a bundle. Do not use it."
            )
        return raw

    def extra_files(self) -> list[str]:
        """The names of files in the bundle that model.json does not list, sorted."""
        return sorted(self._files.names() - self.manifest.files.keys() - {"model.json"})

    def arrays(self, role: str) -> dict[str, NDArray[np.generic]] | None:
        """Read the arrays of the .npz file with this role.

        Returns:
            The arrays by name, or None if the bundle has no file with this role.

        Raises:
            IntegrityError: the file was changed, or is not an .npz of plain numbers.
        """
        name = self.manifest.file(role)
        if name is None:
            return None
        raw = self.read(name)
        try:
            return read_arrays(raw, self.limits)
        except ValueError as error:
            raise IntegrityError(f"{name} in {self.path} cannot be read: {error}. Do not use it.") from None

    def _entry(self, name: str) -> FileEntry:
        """The entry of a file in model.json; the file exists and has that size."""
        entry = self.manifest.files.get(name) if isinstance(name, str) else None
        if entry is None:
            raise IntegrityError(f"model.json of {self.path} does not list {name!r}. Get the bundle again.")
        size = self._files.size(name)
        if size != entry.size:
            raise IntegrityError(
                f"{name} in {self.path} is not the file that was exported: it has {size:,} bytes, not the "
                f"{entry.size:,} of model.json. Get the bundle again."
            )
        return entry

    def _read(self, name: str, keep: Callable[[bytes], object]) -> None:
        """Pass a file to `keep`, block by block, and compare its size and sha256 with model.json."""
        entry = self._entry(name)
        sha256, size = hashlib.sha256(), 0
        with self._files.open(name) as file:
            while size <= entry.size and (block := file.read(_BLOCK)):
                sha256.update(block)
                size += len(block)
                keep(block)
        self._compare(name, entry, size, sha256.hexdigest())

    def _check_packed(self, name: str) -> None:
        """Refuse a graph with an implausible compression ratio before it fills the memory."""
        size, packed = self._entry(name).size, self._files.packed(name)
        ratio = min(_RATIO, self.limits.ratio)
        if size > self.limits.small and size > ratio * packed:
            raise IntegrityError(
                f"{name} in {self.path} unpacks from {packed:,} bytes to {size:,}; of a graph above "
                f"{self.limits.small:,} bytes at most {ratio:,} times as many are allowed. Do not use it."
            )

    def _compare(self, name: str, entry: FileEntry, size: int, sha256: str) -> None:
        if size != entry.size or sha256 != entry.sha256:
            raise IntegrityError(
                f"{name} in {self.path} is not the file that was exported: its sha256 differs. "
                "Get the bundle again."
            )


def _open_again(source: str, limits: BundleLimits, digest: str) -> Bundle:
    """Open a pickled bundle, if it is still the same one."""
    bundle = Bundle.open(source, limits=limits)
    if bundle.manifest.document["digest"] != digest:
        raise IntegrityError(
            f"the bundle {bundle.path} is not the one that was sent here: its model.json has another digest. "
            "Load it again, and send that."
        )
    return bundle


def _manifest(files: Files, limits: BundleLimits) -> bytes:
    """Read model.json; at most one byte more than is allowed."""
    size = files.size("model.json")
    if size > limits.manifest:
        raise ManifestError(
            f"model.json has {size:,} bytes; {limits.manifest:,} are allowed. Export the bundle again."
        )
    with files.open("model.json") as file:
        return file.read(limits.manifest + 1)


def _run_hint(path: Path) -> str:
    if is_file(path / "config.json"):
        return f"It is a run; export it first: diabolo export {quoted(path)}."
    return ""
