"""Some rows of one large array of images, in memory or mapped from a file.

A split is rows of the whole set, and the images held out for validation are rows of a split: nothing is
copied until a batch is taken.
"""

from __future__ import annotations

import mmap
import threading
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Images", "Rows", "rows_of", "spread"]

_RESIDENT = 64 * 2**20  # bytes of a mapped file that may stand in this process's memory
_AROUND = 64 * 2**10  # bytes that the kernel maps around a page that is touched (Linux: fault_around_bytes)


class Rows:
    """Rows of an array `(n, ...)`: indexing by a slice or by indices gives a new array in memory.

    Attributes:
        shape: `(rows, ...)`.
        mapped: the array is a file's; its pages are given back as batches are taken, so that a file many
            times the memory can be read.
    """

    def __init__(self, array: NDArray[np.uint8], index: NDArray[np.integer[Any]] | None = None) -> None:
        self._array = np.ascontiguousarray(array)  # else take() would copy all of it for every batch
        self._index = np.arange(len(array)) if index is None else np.asarray(index, np.intp)
        base = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        self._map: mmap.mmap | None = base.base if isinstance(base.base, mmap.mmap) else None
        self._touched = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._index)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, ...)`."""
        return (len(self._index), *self._array.shape[1:])

    @property
    def ndim(self) -> int:
        """As the array's."""
        return self._array.ndim

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """As the array's."""
        return self._array.dtype

    @property
    def mapped(self) -> bool:
        """Whether the array is mapped from a file."""
        return self._map is not None

    def __getitem__(self, key: slice | NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        chosen = self._index[key]
        # take() copies row by row in C, without the interpreter's lock; fancy indexing is slower
        out: NDArray[np.uint8] = self._array.take(chosen, axis=0)
        if self._map is not None:
            self._give_back(len(chosen))
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def rows(self, key: slice | NDArray[np.integer[Any]]) -> Rows:
        """Rows of these rows; nothing is copied."""
        return Rows(self._array, self._index[key])

    def _give_back(self, rows: int) -> None:
        size = self._array.itemsize * int(np.prod(self._array.shape[1:]))
        with self._lock:
            self._touched += rows * (size + _AROUND)
            if self._touched < _RESIDENT or self._map is None:
                return
            self._touched = 0
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, whose working sets the system trims itself
            self._map.madvise(mmap.MADV_DONTNEED)


Images: TypeAlias = NDArray[np.uint8] | Rows


def rows_of(images: Images, key: slice | NDArray[np.integer[Any]]) -> Images:
    """`images[key]`, copying nothing where that can be avoided."""
    if isinstance(images, Rows):
        return images.rows(key)
    return images[key] if isinstance(key, slice) else Rows(images, key)


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Places evenly spread over `count`, at most `most`: a set may be sorted by its classes."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
