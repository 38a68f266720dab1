"""A folder's pictures at their own size, as crops for training and whole for testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._assigned import indices, labels_of
from diabolo.train.datasets._base import ImageData, LoadRequest, Split
from diabolo.train.datasets._cropping.crops import Crops
from diabolo.train.datasets._cropping.own_size import own_size
from diabolo.train.datasets._cropping.pairs import paired
from diabolo.train.datasets._cropping.pictures import Pictures
from diabolo.train.datasets._scan import File, Listing, list_skipped, told
from diabolo.train.datasets._store import Facts
from diabolo.train.errors import DataError

__all__ = ["cropped"]

_MOST = 2**16  # crops of a split, about: an epoch is no longer; other places are drawn in the next one
_FEWEST = 3  # pictures: to train on, to choose the best weights by, to test
_STEP, _SMALLEST = 8, 16  # pixels: sizes of crops


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The pictures that can be read, with their files, and what is known about the others."""

    pictures: Pictures
    noisy: Pictures | None
    files: list[File]
    facts: Facts
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    sha256: str = ""  # of the noisy ones


def cropped(name: str, root: Path, listing: Listing, request: LoadRequest) -> ImageData:
    """The pictures of a folder as crops of `request.fitting.crop` pixels a side.

    Args:
        name: of the set.
        root: the folder.
        listing: of its files, with their classes and splits.
        request: how they are converted, and the folder of their noisy copies, if there is one.

    Returns:
        Splits of `Crops`. If there are noisy copies, all of them are `paired`.

    Raises:
        DataError: fewer than three pictures can be used, or those for training or testing are missing.
    """
    size = request.fitting.crop
    assert size is not None  # noqa: S101 - for mypy; it is why this function is called
    found = _found(root, listing, request)
    fits = np.asarray((found.pictures.sizes >= size).all(1))
    unreadable = (*listing.skipped, *found.facts.skipped)
    if fits.sum() < _FEWEST:
        raise _too_few(root, found, int(fits.sum()), size, (*unreadable, *found.skipped))
    small = tuple(_small(file, pixels, size) for file, pixels in _of(found, ~fits))
    chosen = np.flatnonzero(fits)
    files = [found.files[row] for row in chosen]
    classes, labels, notes = labels_of(files)
    train, held, test = indices(files, request.seed, least=2 - any(f.split == "validation" for f in files))
    _check_splits(root, train, held, test)

    def split(rows: NDArray[np.intp]) -> Split:
        crops = Crops(found.pictures, size, chosen[rows], noisy=found.noisy, most=_MOST)
        own = labels[np.searchsorted(chosen, crops.numbers)] if classes else None
        return Split(images=crops, labels=own)

    digests = {"noisy_sha256": found.sha256} if found.noisy else {}
    return ImageData(
        name=name,
        train=split(train),
        validation=split(held) if len(held) else None,
        test=split(test),
        classes=classes,
        notes=(
            *listing.notes,
            *notes,
            *found.facts.notes,
            *told(unreadable, len(found.files)),
            *found.notes,
            *_left_out(small, len(found.files), size),
        ),
        skipped=(*unreadable, *found.skipped, *small),
        provenance={"pictures": len(files), "seed": request.seed, "sha256": found.facts.sha256} | digests,
        value_range=found.facts.value_range,
    )


def _found(root: Path, listing: Listing, request: LoadRequest) -> _Found:
    if request.noisy is None:
        store = own_size(root, listing, request)
        files = [listing.files[row] for row in store.kept]
        return _Found(pictures=store.pictures, noisy=None, files=files, facts=store.facts)
    store, pairs = paired(root, listing, request.noisy, request)
    return _Found(
        pictures=pairs.clean,
        noisy=pairs.noisy,
        files=pairs.files,
        facts=store.facts,
        skipped=pairs.skipped,
        notes=pairs.notes,
        sha256=pairs.sha256,
    )


def _of(found: _Found, some: NDArray[np.bool_]) -> list[tuple[File, tuple[int, int]]]:
    return [(found.files[row], tuple(found.pictures.sizes[row].tolist())) for row in np.flatnonzero(some)]


def _small(file: File, pixels: tuple[int, int], size: int) -> tuple[str, str]:
    return file.name, f"{pixels[1]} x {pixels[0]} pixels, smaller than --crop {size}"


def _left_out(small: Sequence[tuple[str, str]], count: int, size: int) -> tuple[str, ...]:
    if not small:
        return ()
    are = "is" if len(small) == 1 else "are"
    named = list_skipped([(name, reason.partition(",")[0]) for name, reason in small])
    return (f"{len(small)} of {count} pictures {are} smaller than --crop {size} and left out: {named}",)


def _check_splits(
    root: Path, train: NDArray[np.intp], held: NDArray[np.intp], test: NDArray[np.intp]
) -> None:
    needed = 1 if len(held) else 2  # one of them is held out
    if len(train) < needed or not len(test):
        raise DataError(
            f"{str(root)!r} has {len(train)} pictures to train on, {len(held)} for validation and "
            f"{len(test)} to test that are large enough. Training needs {needed}"
            + (", since one of them is held out for validation" if needed == 2 else "")
            + ", and testing 1. Add pictures, or give a smaller --crop."
        )


def _too_few(root: Path, found: _Found, fit: int, size: int, skipped: Sequence[tuple[str, str]]) -> DataError:
    broken = f" Left out: {list_skipped(skipped)}." if skipped else ""
    count, sides = len(found.files), np.sort(found.pictures.sizes.min(1, initial=2**31))[::-1]
    if count < _FEWEST:
        return DataError(
            f"{str(root)!r} holds {count} pictures that can be used; at least {_FEWEST} are needed: to train "
            f"on, to choose the best weights by, and to test.{broken} Add pictures."
        )
    largest = int(sides[_FEWEST - 1]) // _STEP * _STEP  # with which so many can be used
    next_step = f"Give --crop {largest}, or add" if largest >= _SMALLEST else "Add"
    return DataError(
        f"{fit} of {count} pictures in {str(root)!r} have at least {size} pixels on both sides, as --crop "
        f"{size} needs; at least {_FEWEST} are needed.{broken} {next_step} larger pictures."
    )
