"""Reads image files in batches, in bounded memory; threads decode large files in advance."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.background import are_inverted, border_brightness
from diabolo.runtime.image.convert import Prepared, prepare
from diabolo.ui.cli._files.counting import Counter
from diabolo.ui.cli._files.sources import Source

__all__ = ["Batch", "batches", "count_opposite"]

_VALUES = 1 << 19  # in a batch
_MOST = 128  # images in a batch, at most
_AHEAD = 2  # batches that are decoded in advance
_LARGE = 1 << 15  # bytes; smaller files are read faster than they are handed to a thread


_Image: TypeAlias = Prepared | str  # or the reason why it cannot be read
_Later: TypeAlias = Callable[[], _Image]


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some files that could be read.

    Attributes:
        sources: the files.
        numbers: their indices among all files, from 0, broken ones included.
        images: float32 `(batch, channels, height, width)` in [0, 1].
        inverted: whether each was inverted.
        scaled: whether each had another size than the model's.
    """

    sources: list[Source]
    numbers: list[int]
    images: NDArray[np.float32]
    inverted: list[bool]
    scaled: list[bool]


def batches(
    files: Iterable[Source], m: Manifest, invert: str, counter: Counter
) -> Generator[Batch, None, None]:
    """Read files in batches, in the order of `files`; those that cannot be read are skipped.

    Args:
        files: iterated as needed, a few hundred files in advance.
        m: the model's manifest; it determines how pictures are fitted.
        invert: 'never', 'always' or 'auto'.
        counter: collects the files that were skipped, with the reasons.
    """
    size = max(1, min(_MOST, _VALUES // prod(m.image_shape)))
    numbered = enumerate(files)
    waiting: deque[tuple[list[tuple[int, Source]], list[_Later]]] = deque()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        try:
            while True:
                while len(waiting) < _AHEAD and (some := list(itertools.islice(numbered, size))):
                    waiting.append((some, [_later(pool, s.path, m, invert) for _, s in some]))
                if not waiting:
                    return
                some, reads = waiting.popleft()
                if batch := _collect(some, [read() for read in reads], counter):
                    yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _later(pool: ThreadPoolExecutor, path: str, m: Manifest, invert: str) -> _Later:
    """A function that returns the image. A thread starts on a large file now; a small one is read later."""
    try:
        large = os.stat(path).st_size >= _LARGE  # noqa: PTH116 - 200,000 times
    except OSError:
        large = False  # reading it will give the reason
    return pool.submit(_read, path, m, invert).result if large else partial(_read, path, m, invert)


def _read(path: str, m: Manifest, invert: str) -> _Image:
    """The image, or the reason why it cannot be read."""
    swap = {"never": False, "always": True}.get(invert)
    try:
        return prepare(path, m.image_shape, invert=swap, **m.preparation)
    except ImageError as error:
        return str(error)


def _collect(some: list[tuple[int, Source]], results: list[_Image], counter: Counter) -> Batch | None:
    good = []
    for (number, source), result in zip(some, results, strict=True):
        if isinstance(result, str):
            counter.fail(source.path, result)
        else:
            good.append((number, source, result))
    if not good:
        return None
    numbers, sources, seen = zip(*good, strict=True)
    return Batch(
        sources=list(sources),
        numbers=list(numbers),
        images=np.stack([one.image for one in seen]),
        inverted=[("inverted", "") in one.steps for one in seen],
        scaled=[any(name == "resized" for name, _ in one.steps) for one in seen],
    )


def count_opposite(batch: Batch, m: Manifest, invert: str) -> int:
    """Count the images that 'auto' inverted, or that look inverted and that 'never' left as they are.

    0 if the model's images have no common background, such as photographs, and for 'always'.
    """
    if invert == "auto":
        return sum(batch.inverted)
    return int(are_inverted(border_brightness(batch.images), m.background).sum()) if invert == "never" else 0
