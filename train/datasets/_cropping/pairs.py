"""Pairs of a clean and a noisy picture: the same names, below two folders."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import LoadRequest
from diabolo.train.datasets._cropping.own_size import own_size
from diabolo.train.datasets._cropping.pictures import Pictures
from diabolo.train.datasets._scan import File, Listing, list_skipped, scan
from diabolo.train.datasets._store import Store
from diabolo.train.errors import DataError

__all__ = ["Pairs", "paired"]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Clean pictures and their noisy copies.

    Attributes:
        files: of the clean pictures.
        clean: the pictures.
        noisy: a copy of each, of the same size.
        skipped: names and reasons of those that are left out, of either folder.
        notes: messages for the user.
        sha256: of the noisy pictures.
    """

    files: list[File]
    clean: Pictures
    noisy: Pictures
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sha256: str


def paired(root: Path, listing: Listing, noisy: Path, request: LoadRequest) -> tuple[Store, Pairs]:
    """Decode the clean pictures below `root` and their noisy copies below `noisy`.

    A copy has the same name, relative to its folder; only the ending may differ.

    Args:
        root: the folder of clean pictures.
        listing: of its files.
        noisy: the folder of noisy ones.
        request: how they are converted.

    Raises:
        DataError: the folder `noisy` cannot be read, or there is no pair.
    """
    if not os.path.isdir(noisy):  # noqa: PTH112 - Path.is_dir() raises where access is denied
        raise DataError(f"no folder at {str(noisy)!r}. Give the folder of noisy pictures: --noisy.")
    found = scan(noisy)
    partners = _partners(listing.files, found.files)
    if not partners:
        raise _no_pair(root, listing.files, noisy, found.files)
    # only what has a partner is decoded
    clean = replace(listing, files=[listing.files[row] for row in partners])
    other = replace(found, files=[found.files[row] for row in partners.values()])
    skipped = _alone(root, listing.files, noisy, found.files, partners)
    first, second = _alike(root, clean, noisy, other, request)
    skipped += [(str(noisy / name), reason) for name, reason in second.facts.skipped]
    rows, reasons = _matching(first, second)
    skipped += [(clean.files[row].name, reason) for row, reason in reasons.items()]
    if not len(rows):
        raise DataError(
            f"no picture in {str(root)!r} can be used with its noisy copy in {str(noisy)!r}: "
            f"{list_skipped([*skipped, *first.facts.skipped])}."
        )
    count = len(skipped)
    note = f"{count} {'picture has' if count == 1 else 'pictures have'} no partner of the same name and size"
    return first, Pairs(
        files=[clean.files[int(first.kept[row])] for row in rows[:, 0]],
        clean=first.pictures.rows(rows[:, 0]),
        noisy=second.pictures.rows(rows[:, 1]),
        skipped=tuple(skipped),
        notes=(f"{note}: {list_skipped(skipped)}",) if skipped else (),
        sha256=second.facts.sha256,
    )


def _partners(clean: Sequence[File], noisy: Sequence[File]) -> dict[int, int]:
    """For each clean file that has a noisy partner, its row and that of the partner.

    Of several noisy files that differ only in the ending, the one with the same ending is taken, or else the
    first; none is taken twice.
    """
    rows = {file.name: row for row, file in enumerate(noisy)}
    partners = {row: rows[file.name] for row, file in enumerate(clean) if file.name in rows}
    left: dict[str, list[int]] = defaultdict(list)
    for row in sorted(set(rows.values()) - set(partners.values())):
        left[_stem(noisy[row])].append(row)
    for row, file in enumerate(clean):
        if row not in partners and left[_stem(file)]:
            partners[row] = left[_stem(file)].pop(0)
    return dict(sorted(partners.items()))


def _stem(file: File) -> str:
    return os.path.splitext(file.name)[0]  # noqa: PTH122 - a relative name with '/', kept as it is


def _alone(
    root: Path, clean: Sequence[File], noisy: Path, other: Sequence[File], partners: dict[int, int]
) -> list[tuple[str, str]]:
    """The files of either folder without a partner, and the reason."""
    lonely = [
        (file.name, f"no noisy picture of this name in {noisy}")
        for row, file in enumerate(clean)
        if row not in partners
    ]
    taken = set(partners.values())
    return lonely + [
        (str(noisy / file.name), f"no clean picture of this name in {root}")
        for row, file in enumerate(other)
        if row not in taken
    ]


def _alike(
    root: Path, clean: Listing, noisy: Path, other: Listing, request: LoadRequest
) -> tuple[Store, Store]:
    """Both decoded, with the same range of values and as many channels."""
    first = own_size(root, clean, request)
    if span := first.facts.value_range:
        fitting = replace(request.fitting, range=f"{span[0]!r}:{span[1]!r}")
        request = replace(request, fitting=fitting)
    second = own_size(noisy, other, request)
    if first.facts.shape[1] != second.facts.shape[1] and len(first.kept) and len(second.kept):
        request = replace(request, fitting=replace(request.fitting, colour=True))
        first, second = own_size(root, clean, request), own_size(noisy, other, request)
    return first, second


def _matching(clean: Store, noisy: Store) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Rows of the pictures of both stores that are pairs of one size, `(n, 2)`; and why others are not.

    The files of both are listed in the same order.
    """
    places = {int(kept): row for row, kept in enumerate(noisy.kept)}
    pairs, reasons = [], {}
    for row, kept in enumerate(clean.kept.tolist()):
        if kept not in places:
            reasons[kept] = "its noisy picture cannot be read"
            continue
        own, other = clean.facts.sizes[row], noisy.facts.sizes[places[kept]]
        if own == other:
            pairs.append((row, places[kept]))
        else:
            reasons[kept] = f"{own[1]} x {own[0]} pixels, and its noisy picture {other[1]} x {other[0]}"
    return np.array(pairs, np.int64).reshape(-1, 2), reasons


def _no_pair(root: Path, clean: Sequence[File], noisy: Path, other: Sequence[File]) -> DataError:
    first = f"such as {other[0].name!r}" if other else "in which there is no picture"
    return DataError(
        f"no picture in {str(root)!r}, such as {clean[0].name!r}, has a noisy copy of the same name in "
        f"{str(noisy)!r}, {first}. Give both folders the same names; only the endings may differ."
    )
