"""A folder of the user's own images."""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.resize import Span
from diabolo.train.datasets._assigned import indices, labels_of
from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split
from diabolo.train.datasets._cropping.cropped import cropped
from diabolo.train.datasets._decoding.decode import EXTENSIONS, Size, measure
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.datasets._decoding.value_range import dark, span_of
from diabolo.train.datasets._decoding.workers import Job, Outcome, work
from diabolo.train.datasets._scan import File, Listing, list_skipped, scan, told
from diabolo.train.datasets._store import Facts, compact, digest, reserve, stored
from diabolo.train.errors import DataError

__all__ = ["Dataset", "resized"]

_SHORTEST, _LONGEST = 8, 64  # pixels: the range of the sides if no size is asked for
_LOOKED_AT = 64  # files whose headers are read first, to guess the size of all
_FEWEST = 10  # readable images; a network learns nothing from fewer
_TOLD = 64  # files between two calls of the progress

_Shape = tuple[int, int, int]  # (channels, height, width)


class Dataset(DatasetBase):
    """Images directly in a folder, in one sub-folder per class, or in folders for splits, of either kind.

    Splits are folders called `train`, `val` and `test`, or by other usual names (`_splits.py`). If there is
    no test split, a hash of the seed and an image's name determines its split, and about one
    image in six is used for testing. So images that are added or removed do not change the split of the
    others.

    All images get one size: the one asked for, or else the most common, scaled down to 64 pixels on its
    longer side. They become grey if all of them are, otherwise RGB, unless `colour` says something else. If
    crops are asked for, they keep their own sizes.
    Files whose names start with a dot are ignored, and so are those that cannot be read, which `skipped`
    lists. The classes are the names of the sub-folders, sorted; there are none if some images are not in a
    sub-folder.

    The images are decoded once, into a file in the cache, and again only when one of them changes.
    """

    title: ClassVar[str] = "A folder of images"
    summary: ClassVar[str] = f"your own images ({' '.join(EXTENSIONS)}), flat or one sub-folder per class"
    takes_folder: ClassVar[bool] = True
    takes_crop: ClassVar[bool] = True

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder itself."""
        return _root(request)

    def load(self, request: LoadRequest) -> ImageData:
        """Read `request.folder`; if it has no test split, about a sixth is drawn for it with `request.seed`.

        Raises:
            DataError: the folder does not exist, or has fewer than 10 images that can be read.
        """
        root = _root(request)
        listing = scan(root)
        if not listing.files:
            aside = "".join(f" ({note})" for note in listing.notes)
            raise DataError(
                f"no images in {str(root)!r}{aside}: looked for files ending in {', '.join(EXTENSIONS)}, in "
                "the folder and below. Give a folder that holds some."
            )
        name = root.resolve().name
        return (cropped if request.fitting.crop else resized)(name, root, listing, request)


def resized(name: str, root: Path, listing: Listing, request: LoadRequest) -> ImageData:
    """The images of a folder, all of one size.

    Args:
        name: of the set.
        root: the folder.
        listing: of its files, with their classes and splits.
        request: how they are resized and converted.

    Raises:
        DataError: fewer than 10 images can be read.
    """
    store = stored(
        root.resolve().name,
        str(root.resolve()),
        request.fitting.to_json(),
        [[f.name, f.size, f.times] for f in listing.files],
        lambda folder: _decode(root, listing, folder, request),
        lambda facts: _outdated(root, listing, facts, request),
    )
    good = [listing.files[index] for index in store.kept]
    classes, labels, notes = labels_of(good)
    train, held, test = indices(good, request.seed)
    skipped = (*listing.skipped, *store.facts.skipped)
    return ImageData(
        name=name,
        train=Split(images=store.images.rows(train), labels=labels[train] if classes else None),
        validation=Split(images=store.images.rows(held), labels=labels[held] if classes else None)
        if len(held)
        else None,
        test=Split(images=store.images.rows(test), labels=labels[test] if classes else None),
        classes=classes,
        notes=(*listing.notes, *notes, *store.facts.notes, *told(skipped, len(good))),
        skipped=skipped,
        provenance={"images": len(good), "seed": request.seed, "sha256": store.facts.sha256},
        value_range=store.facts.value_range,
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
    request, span = _ranged(root, files, target, request)
    shape = _guess(root, files, request.fitting)
    while True:
        good, broken = _attempt(root, files, target, shape, request)
        skipped = tuple((files[row].name, broken[row].reason) for row in sorted(broken))
        if len(good) < _FEWEST:
            raise _too_few(root, len(good), [*listing.skipped, *skipped])
        right = _shape((o.size for o in good.values()), all(o.grey for o in good.values()), request.fitting)
        if right[1:] == shape[1:] and right[0] <= shape[0]:
            break
        shape = right  # the files whose headers were read first are not like the others
    kept = np.array(sorted(good), np.int64)
    compact(target, (len(files), *shape), kept, right[0])
    sizes = [outcome.size for outcome in good.values()]
    facts = Facts(
        shape=(len(kept), *right),
        notes=(*_scaled(sizes, right, request.fitting), *dark(good.values(), request.fitting.range)),
        skipped=skipped,
        again=tuple(sorted(row for row, outcome in broken.items() if outcome.passing)),
        sha256=digest(target, [files[row].name for row in kept]),
        value_range=span,
    )
    return facts, kept


def _ranged(
    root: Path, files: Sequence[File], target: Path, request: LoadRequest
) -> tuple[LoadRequest, Span | None]:
    """The request with the range 'auto' replaced by the values found in the files, and these."""
    if request.fitting.range != "auto":
        return request, request.fitting.span
    good, _ = _attempt(root, files, target, (1, _SHORTEST, _SHORTEST), request)
    span = span_of(good.values())
    text = "full" if span is None else f"{span[0]!r}:{span[1]!r}"
    return replace(request, fitting=replace(request.fitting, range=text)), span


def _outdated(root: Path, listing: Listing, facts: Facts, request: LoadRequest) -> bool:
    """Whether a file can be decoded now that could not be decoded before for a temporary reason."""
    if not facts.again:
        return False
    files = [listing.files[row] for row in facts.again]
    if facts.value_range:
        low, high = facts.value_range
        request = replace(request, fitting=replace(request.fitting, range=f"{low!r}:{high!r}"))
    with tempfile.TemporaryDirectory(prefix="diabolo-") as folder:
        shape = facts.shape[1:]
        good, broken = _attempt(root, files, Path(folder, "images.u8"), shape, request)
    return bool(good) or any(not outcome.passing for outcome in broken.values())


def _attempt(
    root: Path, files: Sequence[File], target: Path, shape: _Shape, request: LoadRequest
) -> tuple[dict[int, Outcome], dict[int, Outcome]]:
    """Decode all files to `shape`; returns the outcomes of the readable and of the broken ones, by row."""
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
    """The shape that the images will probably get, from the headers of a few of them."""
    sizes, grey = [], True
    for index in np.unique(np.linspace(0, len(files) - 1, _LOOKED_AT).astype(int)):
        with suppress(DataError):
            size, sure = measure(root / files[index].name)
            sizes.append(size)
            grey = grey and sure
    return _shape(sizes, grey, fitting)


def _shape(sizes: Iterable[Size], grey: bool, fitting: Fitting) -> _Shape:
    """The `(channels, height, width)` that images of these sizes get."""
    channels = 1 if fitting.colour is False or (fitting.colour is None and grey) else 3
    if fitting.image_size:
        return channels, *fitting.image_size
    common = _commonest(sizes)
    scale = min(1.0, _LONGEST / max(common))
    height, width = (min(_LONGEST, max(_SHORTEST, round(side * scale))) for side in common)
    return channels, height, width


def _commonest(sizes: Iterable[Size]) -> Size:
    """The most common size; of several the one with proportions nearest to the median, then the largest."""
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
