"""A folder of the user's own images."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from statistics import median
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split
from diabolo.train.datasets._decoding.decode import EXTENSIONS, Size, measure
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.datasets._decoding.workers import Job, Outcome, work
from diabolo.train.datasets._scan import File, Listing, list_skipped, scan
from diabolo.train.datasets._store import Facts, compact, digest, reserve, stored
from diabolo.train.errors import DataError

__all__ = ["Dataset"]

_SHORTEST, _LONGEST = 8, 64  # pixels: the sides when no size is asked for
_LOOKED_AT = 64  # files whose headers tell what all are probably like
_FEWEST = 10  # good images; fewer teach a network nothing
_TEST = 2**32 // 6  # of the 32 bits drawn for an image: below it, the image is for the test
_TOLD = 64  # files between two calls of the progress

_Shape = tuple[int, int, int]  # (channels, height, width)


class Dataset(DatasetBase):
    """Images lying flat in a folder, or in one sub-folder per class, or so in a `train` and a `test` folder.

    Where there is no test split, a hash of the seed and an image's name decides which split it goes to, about
    one in six to the test: an image added or removed moves no other.

    The images come out in one size: the one asked for, else the commonest, scaled down to 64 pixels on its
    longer side. They are grey where every one of them is, otherwise RGB, unless one of the two is asked
    for. Files that start with a dot are left out, and so are those that cannot be read: `skipped` names
    them. Classes are the sub-folders' names, sorted; there are none where images lie beside sub-folders.

    The images are decoded once, into a file in the cache, and again only when one of them changes.
    """

    title: ClassVar[str] = "A folder of images"
    summary: ClassVar[str] = f"your own images ({' '.join(EXTENSIONS)}), flat or one sub-folder per class"
    takes_folder: ClassVar[bool] = True

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder itself."""
        return _root(request)

    def load(self, request: LoadRequest) -> ImageData:
        """Read `request.folder`; where it brings no test split, `request.seed` draws about a sixth for it.

        Raises:
            DataError: the folder is not there, or holds fewer than 10 images that can be read.
        """
        root = _root(request)
        listing = scan(root)
        if not listing.files:
            aside = "".join(f" ({note})" for note in listing.notes)
            raise DataError(
                f"no images in {str(root)!r}{aside}: looked for files ending in {', '.join(EXTENSIONS)}, in "
                "the folder and below. Give a folder that holds some."
            )
        store = stored(
            root.resolve().name,
            str(root.resolve()),
            request.fitting.to_json(),
            [[f.name, f.size, f.times] for f in listing.files],
            lambda folder: _decode(root, listing, folder, request),
            lambda facts: _outdated(root, listing, facts, request),
        )
        good = [listing.files[index] for index in store.kept]
        classes, labels, notes = _labels(good)
        train, test = _indices(good, request.seed)
        skipped = (*listing.skipped, *store.facts.skipped)
        return ImageData(
            name=root.resolve().name,
            train=Split(images=store.images.rows(train), labels=labels[train] if classes else None),
            test=Split(images=store.images.rows(test), labels=labels[test] if classes else None),
            classes=classes,
            notes=(*listing.notes, *notes, *store.facts.notes, *_told(skipped, len(good))),
            skipped=skipped,
            provenance={"images": len(good), "seed": request.seed, "sha256": store.facts.sha256},
        )


def _root(request: LoadRequest) -> Path:
    if request.folder is None:
        raise DataError("the dataset 'folder' needs the path of a folder of images: --dataset ./photos.")
    if not os.path.isdir(request.folder):  # noqa: PTH112 - Path.is_dir() raises where access is denied
        raise DataError(f"no folder at {str(request.folder)!r}. Give the path of a folder of images.")
    return request.folder


def _decode(
    root: Path, listing: Listing, folder: Path, request: LoadRequest
) -> tuple[Facts, NDArray[np.int64]]:
    """Decode the files into `folder / 'images.u8'`."""
    files, target = listing.files, folder / "images.u8"
    shape = _guess(root, files, request.fitting)
    while True:
        good, broken = _attempt(root, files, target, shape, request)
        skipped = tuple((files[row].name, broken[row].reason) for row in sorted(broken))
        if len(good) < _FEWEST:
            raise _too_few(root, len(good), [*listing.skipped, *skipped])
        right = _shape((o.size for o in good.values()), all(o.grey for o in good.values()), request.fitting)
        if right[1:] == shape[1:] and right[0] <= shape[0]:
            break
        shape = right  # the few files looked at first were not like the others
    kept = np.array(sorted(good), np.int64)
    compact(target, (len(files), *shape), kept, right[0])
    facts = Facts(
        shape=(len(kept), *right),
        notes=_scaled([outcome.size for outcome in good.values()], right, request.fitting),
        skipped=skipped,
        again=tuple(sorted(row for row, outcome in broken.items() if outcome.passing)),
        sha256=digest(target, [files[row].name for row in kept]),
    )
    return facts, kept


def _outdated(root: Path, listing: Listing, facts: Facts, request: LoadRequest) -> bool:
    """Whether a file can be decoded now that could not be before, for no fault of its own."""
    if not facts.again:
        return False
    files = [listing.files[row] for row in facts.again]
    with tempfile.TemporaryDirectory(prefix="diabolo-") as folder:
        shape = facts.shape[1:]
        good, broken = _attempt(root, files, Path(folder, "images.u8"), shape, request)
    return bool(good) or any(not outcome.passing for outcome in broken.values())


def _attempt(
    root: Path, files: Sequence[File], target: Path, shape: _Shape, request: LoadRequest
) -> tuple[dict[int, Outcome], dict[int, Outcome]]:
    """Decode all files to `shape`; returns what is good, and what is not, by row."""
    reserve(target, len(files) * int(np.prod(shape)))
    job = Job(target=str(target), size=shape[1:], channels=shape[0], fitting=request.fitting)
    good: dict[int, Outcome] = {}
    broken: dict[int, Outcome] = {}
    tasks = [(row, os.path.join(root, file.name)) for row, file in enumerate(files)]  # noqa: PTH118 - many
    with closing(work(job, tasks, sum(file.size for file in files))) as outcomes:
        for done, outcome in enumerate(outcomes, 1):
            (broken if outcome.reason else good)[outcome.row] = outcome
            if done % _TOLD == 0 or done == len(files):
                request.progress("decoding", done, len(files))
    return good, broken


def _guess(root: Path, files: Sequence[File], fitting: Fitting) -> _Shape:
    """The shape that the images will most likely have, from the headers of a few of them."""
    sizes, grey = [], True
    for index in np.unique(np.linspace(0, len(files) - 1, _LOOKED_AT).astype(int)):
        with suppress(DataError):
            size, sure = measure(root / files[index].name)
            sizes.append(size)
            grey = grey and sure
    return _shape(sizes, grey, fitting)


def _shape(sizes: Iterable[Size], grey: bool, fitting: Fitting) -> _Shape:
    """`(channels, height, width)` to bring images of these sizes to."""
    channels = 1 if fitting.colour is False or (fitting.colour is None and grey) else 3
    if fitting.image_size:
        return channels, *fitting.image_size
    common = _commonest(sizes)
    scale = min(1.0, _LONGEST / max(common))
    height, width = (min(_LONGEST, max(_SHORTEST, round(side * scale))) for side in common)
    return channels, height, width


def _commonest(sizes: Iterable[Size]) -> Size:
    """The commonest size; of several the one with proportions nearest to the median, then the largest."""
    counts = Counter(sizes)
    if not counts:
        return _SHORTEST, _SHORTEST
    middle = median([_proportions(size) for size in counts.elements()])
    return max(counts, key=lambda size: (counts[size], -abs(_proportions(size) - middle), size))


def _proportions(size: Size) -> float:
    return math.log(size[0] / size[1])


def _too_few(root: Path, good: int, skipped: Sequence[tuple[str, str]]) -> DataError:
    return DataError(
        f"{str(root)!r} holds {good} images that can be read; at least {_FEWEST} are needed. "
        + (f"Broken: {list_skipped(skipped)}. " if skipped else "")
        + "Add images."
    )


def _scaled(sizes: Sequence[Size], shape: _Shape, fitting: Fitting) -> tuple[str, ...]:
    others = sum(size != shape[1:] for size in sizes)
    if not others:
        return ()
    how = {"crop": "scaled and cropped", "pad": "scaled and padded", "fit": "stretched"}[fitting.resize]
    common = _commonest(sizes)
    why = "as asked for" if fitting.image_size else f"the commonest is {common[0]} x {common[1]}"
    size = f"{shape[1]} x {shape[2]} pixels (height x width; {why})"
    return (f"{others} of {len(sizes)} images are {how} to {size}",)


def _labels(files: Sequence[File]) -> tuple[tuple[str, ...], NDArray[np.int64], list[str]]:
    """The classes, each file's index among them, and notes; no classes where a file lies flat."""
    classes = tuple(sorted({f.label for f in files if f.label is not None}))
    flat = sum(f.label is None for f in files)
    if flat:
        notes = [f"{flat} images lie beside the sub-folders, so none has a label"] if classes else []
        return (), np.zeros(0, np.int64), notes
    place = {label: index for index, label in enumerate(classes)}
    return classes, np.array([place[f.label] for f in files if f.label is not None], np.int64), []


def _indices(files: Sequence[File], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which images train and which test, each in the files' order."""
    if files[0].split is not None:
        tests = np.array([file.split == "test" for file in files])
        return np.flatnonzero(~tests), np.flatnonzero(tests)
    drawn = np.array([_lot(file.name, seed) for file in files])
    tests = drawn < _TEST
    if not tests.any():  # a small folder may draw none, or nothing else
        tests[drawn.argmin()] = True
    if tests.all():
        tests[drawn.argmax()] = False
    return np.flatnonzero(~tests), np.flatnonzero(tests)


def _lot(name: str, seed: int) -> int:
    """32 bits that depend on the name and the seed alone."""
    return int.from_bytes(hashlib.sha256(f"{seed}/".encode() + os.fsencode(name)).digest()[:4])


def _told(skipped: Sequence[tuple[str, str]], good: int) -> tuple[str, ...]:
    if not skipped:
        return ()
    folders = sum(name.endswith("/") for name, _ in skipped)
    files = len(skipped) - folders
    counts = [f"{files} of {files + good} files"] if files else []
    counts += [f"{folders} folder{'s' * (folders > 1)}"] if folders else []
    return (f"{' and '.join(counts)} cannot be read: {list_skipped(skipped)}",)
