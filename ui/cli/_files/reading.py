"""Image files as batches for a model, in bounded memory; large ones are decoded by threads, ahead."""

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
from diabolo.runtime.image.convert import prepare
from diabolo.ui.cli._files.counting import Counter
from diabolo.ui.cli._files.sources import Source

__all__ = ["Batch", "batches", "looks_inverted"]

_VALUES = 1 << 19  # of a batch
_MOST = 128  # images of a batch: small pictures cost as much to open as large ones
_AHEAD = 2  # batches decoded before they are asked for
_LARGE = 1 << 15  # bytes from which a thread pays: below, handing the file over takes longer than reading it


_Image: TypeAlias = NDArray[np.float32] | str  # or why there is none
_Later: TypeAlias = Callable[[], _Image]


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some files that could be read.

    Attributes:
        sources: the files.
        numbers: which ones they are, counted from 0 over all files, broken ones included.
        images: float32 `(batch, channels, height, width)` in [0, 1].
    """

    sources: list[Source]
    numbers: list[int]
    images: NDArray[np.float32]


def batches(
    files: Iterable[Source], m: Manifest, invert: str, counter: Counter
) -> Generator[Batch, None, None]:
    """Batches in the order of `files`; what cannot be read is told to `counter` and left out.

    Args:
        files: taken as they are needed, a few hundred ahead.
        m: of the model, which says how pictures are fitted.
        invert: 'never', 'always' or 'auto'.
        counter: told what failed.
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
    """What gives the image: a thread begins a large file now, a small one is read when it is asked for."""
    try:
        large = os.stat(path).st_size >= _LARGE  # noqa: PTH116 - 200,000 times
    except OSError:
        large = False  # reading it will tell why
    return pool.submit(_read, path, m, invert).result if large else partial(_read, path, m, invert)


def _read(path: str, m: Manifest, invert: str) -> _Image:
    """The image, or why there is none."""
    swap = {"never": False, "always": True}.get(invert)
    try:
        seen = prepare(
            path, m.image_shape, invert=swap, background=m.background, resize=m.resize, padding=m.padding
        )
    except ImageError as error:
        return str(error)
    return seen.image


def _collect(some: list[tuple[int, Source]], results: list[_Image], counter: Counter) -> Batch | None:
    good = []
    for (number, source), result in zip(some, results, strict=True):
        if isinstance(result, str):
            counter.fail(source.path, result)
        else:
            good.append((number, source, result))
    if not good:
        return None
    numbers, sources, images = zip(*good, strict=True)
    return Batch(sources=list(sources), numbers=list(numbers), images=np.stack(images))


def looks_inverted(images: NDArray[np.float32], m: Manifest) -> int:
    """How many images have a bright border where the model learned on a dark background, or the other way.

    None where the model's images have no background in common, as photographs have none.
    """
    return int(are_inverted(border_brightness(images), m.background).sum())
