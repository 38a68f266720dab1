"""Datasets in the idx format of MNIST: find their four files, fetch missing ones, and read them."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import LoadRequest, Split, data_roots
from diabolo.train.datasets._fetch import Remote, fetch
from diabolo.train.errors import DataError

__all__ = ["FILES", "IdxSet", "load_idx", "locate_idx", "read_idx"]

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_MAX_BYTES = 2**31  # forty times MNIST: a header that declares more is refused


@dataclass(frozen=True, kw_only=True)
class IdxSet:
    """A dataset of four idx files.

    Attributes:
        folders: to search below each root; files are fetched into the first.
        addresses: of the folders on the web that have the files, in the order in which they are tried.
        published: checksum and size in bytes of each of FILES, with `.gz`.
        classes: their number.
    """

    folders: tuple[str, ...]
    addresses: tuple[str, ...]
    published: Mapping[str, tuple[str, int]]
    classes: int

    def remote(self, file: str) -> Remote:
        """One of FILES, as it was published."""
        name = f"{file}.gz"
        checksum, size = self.published[name]
        addresses = tuple(address + name for address in self.addresses)
        return Remote(name=name, checksum=checksum, size=size, addresses=addresses)


def load_idx(request: LoadRequest, source: IdxSet) -> tuple[Split, Split, dict[str, Any]]:
    """The train and test splits of an idx dataset, and its provenance: the sha256 of each file's values.

    It is read in place from the first of its folders, below the request's data folder or the cache, that has
    the files, plain or `.gz`; otherwise the missing files are fetched into the cache.

    Raises:
        DataError: a file is missing, damaged or not what it should be, or cannot be fetched.
        MissingPackageError: the files must be fetched and pooch is not installed.
    """
    files = _find(request, source) or _download(request, source)
    arrays: dict[str, NDArray[np.uint8]] = {}
    hashes: dict[str, str] = {}
    for file in FILES:
        arrays[file] = read_idx(files[file], dimensions=3 if "images" in file else 1)
        hashes[file] = hashlib.sha256(arrays[file].data).hexdigest()
    if arrays[FILES[0]].shape[1:] != arrays[FILES[2]].shape[1:]:
        raise DataError(f"{files[FILES[0]]} and {files[FILES[2]]} hold images of different sizes. {_AGAIN}")
    train = _split(files, arrays, FILES[0], FILES[1], source.classes)
    test = _split(files, arrays, FILES[2], FILES[3], source.classes)
    return train, test, {"files": hashes}


def locate_idx(request: LoadRequest, source: IdxSet) -> Path | None:
    """The folder that has all four files; None if they must be fetched.

    Raises:
        DataError: a data folder has only some of them.
    """
    files = _find(request, source)
    return files[FILES[0]].parent if files else None


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of uint8 in an idx file with this number of dimensions; `.gz` is unpacked.

    The format: two zero bytes, type, number of dimensions, big-endian sizes, values
    (http://yann.lecun.com/exdb/mnist/).

    Raises:
        DataError: the file cannot be read, is damaged, or holds something else.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
            header = handle.read(4 + 4 * dimensions)
            shape = _shape(path, header, dimensions)
            # reading one byte more detects a file that is too long, and makes gzip verify its checksum
            body = handle.read(math.prod(shape) + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}). {_AGAIN}") from error
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror or error}. Mend that, or {_AGAIN.lower()}"
        ) from error
    if len(body) != math.prod(shape):
        found = f"only {len(body)}" if len(body) < math.prod(shape) else "more"
        raise DataError(f"{path} declares {math.prod(shape)} bytes of data and holds {found}. {_AGAIN}")
    # a copy, since arrays over bytes are read-only, which torch warns about
    return np.frombuffer(body, dtype=np.uint8).reshape(shape).copy()


_AGAIN = "Delete it and fetch it again."


def _shape(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    magic = bytes([0, 0, 8, dimensions])
    if len(header) < 4 + 4 * dimensions or header[:4] != magic:
        raise DataError(
            f"{path} is not an idx file of uint8 in {dimensions} dimensions: it starts with "
            f"{header[:4].hex(' ') or 'nothing'}, not {magic.hex(' ')}. {_AGAIN}"
        )
    shape: tuple[int, ...] = struct.unpack(f">{dimensions}I", header[4:])
    if math.prod(shape) > _MAX_BYTES:
        raise DataError(f"{path} declares {math.prod(shape)} bytes; at most {_MAX_BYTES} are read. {_AGAIN}")
    return shape


def _split(
    files: dict[str, Path],
    arrays: dict[str, NDArray[np.uint8]],
    image_file: str,
    label_file: str,
    classes: int,
) -> Split:
    images, labels = arrays[image_file], arrays[label_file]
    if len(images) != len(labels):
        raise DataError(
            f"{files[image_file]} holds {len(images)} images and {files[label_file]} {len(labels)} labels; "
            "they do not belong together. Delete both and fetch them again."
        )
    if len(labels) and labels.max() >= classes:
        raise DataError(
            f"{files[label_file]} holds the label {labels.max()}; they go from 0 to {classes - 1}. {_AGAIN}"
        )
    return Split(images=images[:, None], labels=labels.astype(np.int64))


def _find(request: LoadRequest, source: IdxSet) -> dict[str, Path] | None:
    *named, cache = data_roots(request)
    for root in [*named, cache]:
        for folder in (root / part for part in source.folders):
            found = _present(folder)
            if len(found) == len(FILES):
                return found
            if found and root != cache:
                # fetching now would hide that the given folder is not the one that is read
                missing = ", ".join(f for f in FILES if f not in found)
                raise DataError(
                    f"{folder} lacks {missing} (plain or .gz). Add it, or give another --data-dir."
                )
    return None


def _present(folder: Path) -> dict[str, Path]:
    """The files in the folder by their published names, whatever they are called; the last one counts."""
    return {file: path for file in FILES for path in _candidates(folder, file) if path.is_file()}


def _candidates(folder: Path, file: str) -> Iterator[Path]:
    """Where a file may be: also as `train-images.idx3-ubyte`, and in a folder of its own name.

    The published names come last.
    """
    dotted = file.replace("-idx", ".idx")
    for name in (dotted, file):
        for inner in (dotted, file):  # unpackers make a folder of the archive's name
            yield from (folder / name / f"{inner}.gz", folder / name / inner)
    for name in (dotted, file):
        yield from (folder / f"{name}.gz", folder / name)


def _download(request: LoadRequest, source: IdxSet) -> dict[str, Path]:
    """Fetch the four files into the cache, except those that are there, plain or as they were published."""
    folder = data_roots(request)[-1] / source.folders[0]
    files = _present(folder)
    for file in FILES:
        if file not in files or files[file].suffix == ".gz":
            files[file] = fetch(source.remote(file), folder / f"{file}.gz", request.progress)
    return files
