"""notMNIST: the letters A to J in about 18,700 shapes, from fonts found on the web."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split, data_roots
from diabolo.train.datasets._decoding.decode import PassingError, decode
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.datasets._fetch import Remote, fetch
from diabolo.train.datasets._resize import fit_splits
from diabolo.train.datasets._scan import list_skipped, scan
from diabolo.train.datasets._store import Facts, digest, stored
from diabolo.train.errors import DataError

__all__ = ["Dataset"]

_LETTERS = "ABCDEFGHIJ"
_FOLDER = "notMNIST_small"
_SIDE = 28  # pixels
_FEWEST = 100  # readable images; the dataset has about 18,700
_PUBLISHED = 18_724  # readable images of the original
_LARGEST = 2**20  # bytes of a file in the archive, at most; they have about 500
_TEST = 2**32 // 6  # an image is in the test split if the first 32 bits of its hash are below this
_REMOTE = Remote(
    name=f"{_FOLDER}.tar.gz",
    size=8_458_043,
    checksum="md5:c9890a473a9769fda4bdf314aaf500dd",
    addresses=(
        "http://yaroslavvb.com/upload/notMNIST/notMNIST_small.tar.gz",
        "https://commondatastorage.googleapis.com/books1000/notMNIST_small.tar.gz",
    ),
)


class Dataset(DatasetBase):
    """Letters A to J, `(1, 28, 28)`, white on black; about a sixth of them are in the test split.

    The split of an image depends only on a hash of its pixels. So no image is in both splits, although many
    images occur more than once, and any part of the dataset is split like the whole. A few of the original
    files are empty; `skipped` lists them.
    """

    title: ClassVar[str] = "notMNIST (small)"
    summary: ClassVar[str] = "the letters A to J cut from fonts, white on black"
    image_shape: ClassVar[tuple[int, int, int] | None] = (1, _SIDE, _SIDE)
    count: ClassVar[str] = "~15,600 + 3,100"
    classes: ClassVar[tuple[str, ...]] = tuple(_LETTERS)
    download: ClassVar[int] = _REMOTE.size
    licence: ClassVar[str] = "no licence stated (Y. Bulatov, 2011)"
    home: ClassVar[str] = "http://yaroslavvb.blogspot.com/2011/09/notmnist-dataset.html"

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder `notMNIST_small` of letter folders, or the original archive of that name.

        Raises:
            DataError: the folder lacks a letter.
        """
        for root in data_roots(request):
            for place in (root / _FOLDER, root / "notMNIST" / _FOLDER):
                lacking = [letter for letter in _LETTERS if not (place / letter).is_dir()]
                if place.is_dir() and lacking:
                    raise DataError(
                        f"{place} lacks the folders {', '.join(lacking)}. Unpack {_REMOTE.name} again, or "
                        "give another --data-dir."
                    )
                if not lacking:
                    return place
            for place in (root / _REMOTE.name, root / "notMNIST" / _REMOTE.name):
                if place.is_file():
                    return place
        return None

    def load(self, request: LoadRequest) -> ImageData:
        """Read the dataset from its folder or archive, or else fetch it into the cache.

        Raises:
            DataError: it cannot be fetched, or is damaged.
        """
        target = data_roots(request)[-1] / "notMNIST" / _REMOTE.name
        source = self.locate(request) or fetch(_REMOTE, target, request.progress)
        names, unread = _listing(source)
        store = stored(
            "notmnist",
            str(source.resolve()),
            None,
            names,
            lambda folder: _decode(source, names, folder, request),
            lambda facts: bool(facts.again),  # they are few and small, so all are decoded again
        )
        images = store.images[:]
        labels = np.array([_LETTERS.index(names[row][0].split("/")[-2]) for row in store.kept], np.int64)
        tests = np.array([_tests(image) for image in images])
        skipped = tuple(sorted([*unread, *store.facts.skipped]))
        note = f"{len(skipped)} files cannot be read: {list_skipped(skipped)}"
        provenance = {"images": len(images), "sha256": store.facts.sha256}
        train, test = (Split(images=images[part], labels=labels[part]) for part in (~tests, tests))
        train, test = fit_splits("notmnist", train, test, provenance, request)
        return ImageData(
            name="notmnist",
            train=train,
            test=test,
            classes=self.classes,
            licence=self.licence,
            notes=(note,) if skipped else (),
            skipped=skipped,
            provenance=provenance,
            published=_PUBLISHED,
        )


def _tests(image: NDArray[np.uint8]) -> bool:
    return int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:4]) < _TEST


def _short(name: str) -> str | None:
    """'A/name.png' from the path of an image in an archive; None for other files."""
    path = PurePosixPath(name)
    fits = path.suffix == ".png" and path.parent.name in tuple(_LETTERS) and ".." not in path.parts
    return f"{path.parent.name}/{path.name}" if fits and not path.name.startswith(".") else None


def _listing(source: Path) -> tuple[list[list[Any]], list[tuple[str, str]]]:
    """Name, size and times of every image, sorted by name; names and reasons of what cannot be read."""
    if source.is_dir():
        found = scan(source)
        names = [
            [file.name, file.size, *file.times] for file in found.files if _short(file.name) == file.name
        ]
        return names, [(name, why) for name, why in found.skipped if name[:1] in _LETTERS]
    with _archive(source) as archive:
        members = {name: m for m in archive if m.isfile() and (name := _short(m.name))}
        return sorted([name, member.size, member.mtime] for name, member in members.items()), []


def _contents(source: Path, names: list[list[Any]]) -> Iterator[tuple[str, Path | io.BytesIO]]:
    """Every image's path, or its bytes if it is in an archive."""
    if source.is_dir():
        for name, *_ in names:
            yield name, source / name
        return
    with _archive(source) as archive:
        for member in archive:
            name = _short(member.name)
            file = archive.extractfile(member) if name and member.isfile() else None
            if name and file:
                yield name, io.BytesIO(file.read(_LARGEST))


@contextmanager
def _archive(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{source} is damaged ({error}). Delete it and fetch it again.") from error
    except OSError as error:
        raise DataError(
            f"cannot read {source}: {error.strerror or error}. Mend that, or give another --data-dir."
        ) from error


def _decode(
    source: Path, names: list[list[Any]], folder: Path, request: LoadRequest
) -> tuple[Facts, NDArray[np.int64]]:
    """Decode the images into `folder / 'images.u8'`, without resizing them."""
    rows = {name: row for row, (name, *_) in enumerate(names)}
    images: dict[int, NDArray[np.uint8]] = {}
    broken: dict[str, str] = {}
    again: list[int] = []
    for done, (name, content) in enumerate(_contents(source, names), 1):
        try:
            image = decode(content, None, Fitting(colour=False))
            if image.size != (_SIDE, _SIDE):
                raise DataError(f"{image.size[0]} x {image.size[1]} pixels, not {_SIDE} x {_SIDE}")
            images[rows[name]] = image.pixels
        except DataError as error:
            broken[name] = str(error)
            again += [rows[name]] if isinstance(error, PassingError) else []
        request.progress("decoding notMNIST", done, len(names))
    if len(images) < _FEWEST:
        raise DataError(f"{source} holds {len(images)} letters that can be read. Unpack or fetch it again.")
    kept = np.array(sorted(images), np.int64)
    np.stack([images[row] for row in kept]).tofile(folder / "images.u8")
    facts = Facts(
        shape=(len(kept), 1, _SIDE, _SIDE),
        skipped=tuple(sorted(broken.items())),
        again=tuple(again),
        sha256=digest(folder / "images.u8", [names[row][0] for row in kept]),
    )
    return facts, kept
