"""Decode the pictures of a folder at their own size, once, into the cache.

The sizes are read from the files' headers first, which gives every picture its place in one file; the
processes that decode then write to these places.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.resize import Span
from diabolo.train.datasets._base import LoadRequest
from diabolo.train.datasets._cropping.pictures import Pictures, starts_of
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.datasets._decoding.value_range import dark, span_of
from diabolo.train.datasets._decoding.workers import Job, Outcome, Task, work
from diabolo.train.datasets._scan import File, Listing
from diabolo.train.datasets._store import Facts, Store, digest, reserve, stored

__all__ = ["own_size"]

_TOLD = 16  # files between two calls of the progress
_TINY = (8, 8)  # pixels, where only the values are looked at


def own_size(root: Path, listing: Listing, request: LoadRequest) -> Store:
    """The pictures of a folder at their own size: grey if all of them are, or as `request` says.

    Args:
        root: the folder.
        listing: of its files.
        request: how they are converted; the size of its crops does not matter.

    Returns:
        A store whose `pictures` are those that can be read; it may hold none.

    Raises:
        DataError: they cannot be written to the cache.
    """
    fitting = replace(request.fitting, crop=None)
    return stored(
        root.resolve().name,
        str(root.resolve()),
        {"own_size": True} | {name: getattr(fitting, name) for name in ("colour", "background", "range")},
        [[f.name, f.size, f.times] for f in listing.files],
        lambda folder: _decode(_Batch(root, listing.files, folder / "images.u8", fitting), request),
        lambda facts: _outdated(root, listing, facts, request),
    )


@dataclass(frozen=True)
class _Batch:
    """Files to decode into one target."""

    root: Path
    files: Sequence[File]
    target: Path
    fitting: Fitting

    def tasks(self, places: dict[int, tuple[int, int, int]] | None = None) -> list[Task]:
        """A task for each file, or for each that has a place."""
        paths = [os.path.join(self.root, file.name) for file in self.files]  # noqa: PTH118 - many
        if places is None:
            return list(enumerate(paths))
        return [(row, paths[row], place) for row, place in places.items()]

    def job(self, channels: int, measure: bool = False) -> Job:
        return Job(
            target=str(self.target), size=_TINY, channels=channels, fitting=self.fitting, measure=measure
        )


Outcomes = dict[int, Outcome]


def _decode(batch: _Batch, request: LoadRequest) -> tuple[Facts, NDArray[np.int64]]:
    batch, span = _ranged(batch, request)
    batch.target.touch()
    found, broken = _run(batch, batch.job(1, measure=True), batch.tasks(), request, "measuring")
    sizes = np.array([found[row].size for row in sorted(found)], np.int64).reshape(-1, 2)
    starts = starts_of(sizes).tolist()
    places = {row: (start, *found[row].size) for row, start in zip(sorted(found), starts, strict=True)}
    channels = 1 if batch.fitting.colour is False or all(one.grey for one in found.values()) else 3
    channels = 3 if batch.fitting.colour else channels
    while True:
        reserve(batch.target, channels * int(sizes.prod(1).sum()))
        good, bad = _run(batch, batch.job(channels), batch.tasks(places), request, "decoding")
        grey = batch.fitting.colour is False or all(one.grey for one in good.values())
        right = 1 if grey and not batch.fitting.colour else 3
        if right <= channels:
            break
        channels = right  # a grey mode, whose transparent parts got a colour
    broken |= bad
    kept = sorted(good)
    _compact(batch.target, {row: places[row] for row in kept}, channels, right)
    facts = Facts(
        shape=(len(kept), right, 0, 0),
        sizes=tuple(places[row][1:] for row in kept),
        notes=dark(good.values(), request.fitting.range) if good else (),
        skipped=tuple((batch.files[row].name, broken[row].reason) for row in sorted(broken)),
        again=tuple(sorted(row for row, outcome in broken.items() if outcome.passing)),
        sha256=digest(batch.target, [_named(batch.files[row], places[row]) for row in kept]),
        value_range=span,
    )
    return facts, np.array(kept, np.int64)


def _named(file: File, place: tuple[int, int, int]) -> str:
    return f"{file.name}\0{place[1]}x{place[2]}"


def _ranged(batch: _Batch, request: LoadRequest) -> tuple[_Batch, Span | None]:
    """The batch with the range 'auto' replaced by the values found in the files, and these."""
    if batch.fitting.range != "auto":
        return batch, batch.fitting.span
    reserve(batch.target, len(batch.files) * int(np.prod(_TINY)))
    good, _ = _run(batch, batch.job(1), batch.tasks(), request, "looking for the range")
    span = span_of(good.values())
    text = "full" if span is None else f"{span[0]!r}:{span[1]!r}"
    return replace(batch, fitting=replace(batch.fitting, range=text)), span


def _run(
    batch: _Batch, job: Job, tasks: Sequence[Task], request: LoadRequest, what: str
) -> tuple[Outcomes, Outcomes]:
    """The outcomes of the readable files and of the broken ones, by row."""
    good: Outcomes = {}
    broken: Outcomes = {}
    with closing(work(job, tasks, sum(batch.files[task[0]].size for task in tasks))) as outcomes:
        for done, outcome in enumerate(outcomes, 1):
            (broken if outcome.reason else good)[outcome.row] = outcome
            if done % _TOLD == 0 or done == len(tasks):
                request.progress(what, done, len(tasks))
    return good, broken


def _compact(target: Path, places: dict[int, tuple[int, int, int]], before: int, after: int) -> None:
    """Move the pictures at these places together, with the first `after` of `before` channels, in place."""
    sizes = np.array([place[1:] for place in places.values()], np.int64).reshape(-1, 2)
    starts = np.array([place[0] for place in places.values()], np.int64)
    size = after * int(sizes.prod(1).sum())
    if target.stat().st_size == size:
        return
    if size:
        pixels = np.asarray(np.memmap(target, np.uint8, "r"))
        pictures = Pictures(pixels=pixels, starts=before * starts, sizes=sizes, channels=before)
        with target.open("r+b") as file:
            for number in range(len(pictures)):
                # pictures only move towards the start, so none that is unread is overwritten
                file.write(pictures[number][:after].tobytes())
        del pixels, pictures  # some systems cannot shorten a file that is mapped
    os.truncate(target, size)


def _outdated(root: Path, listing: Listing, facts: Facts, request: LoadRequest) -> bool:
    """Whether a file can be decoded now that could not be decoded before for a temporary reason."""
    if not facts.again:
        return False
    fitting = replace(request.fitting, crop=None)
    if facts.value_range:
        low, high = facts.value_range
        fitting = replace(fitting, range=f"{low!r}:{high!r}")
    files = [listing.files[row] for row in facts.again]
    with tempfile.TemporaryDirectory(prefix="diabolo-") as folder:
        batch = _Batch(root, files, Path(folder, "images.u8"), fitting)
        now, _ = _decode(batch, replace(request, fitting=fitting))
    return len(now.again) < len(files)
