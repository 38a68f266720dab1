"""Some rows of a large array of images, which is in memory or mapped from a file.

A split is rows of the whole set, and the images held out for validation are rows of a split: nothing is
copied until a batch is gathered.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._cropping.crops import Crops
from diabolo.train.datasets._mapped import AROUND, Mapped

__all__ = ["Images", "Rows", "rows_of", "spread"]


class Rows:
    """Rows of an array; indexing with a slice or an array of indices gives a new array in memory.

    If the array is mapped from a file, its pages are released as batches are gathered, so the file may be
    many times larger than memory.

    Args:
        array: uint8 `(n, ...)`.
        index: of the rows; by default all of them.
    """

    def __init__(self, array: NDArray[np.uint8], index: NDArray[np.integer[Any]] | None = None) -> None:
        self._array = np.ascontiguousarray(array)  # or take() would copy all of it for every batch
        self._index = np.arange(len(array)) if index is None else np.asarray(index, np.intp)
        self._mapped = Mapped(array)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, ...)`."""
        return (len(self._index), *self._array.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of dimensions, as of the array."""
        return self._array.ndim

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """uint8, as of the array."""
        return self._array.dtype

    @property
    def mapped(self) -> bool:
        """Whether the array is mapped from a file."""
        return bool(self._mapped)

    def __getitem__(self, key: slice | NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        chosen = self._index[key]
        # take() copies row by row in C, without the GIL; fancy indexing is slower
        out: NDArray[np.uint8] = self._array.take(chosen, axis=0)
        self._mapped.give_back(len(chosen) * (int(np.prod(self._array.shape[1:])) + AROUND))
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def rows(self, key: slice | NDArray[np.integer[Any]]) -> Rows:
        """Some of these rows; nothing is copied."""
        return Rows(self._array, self._index[key])


Images: TypeAlias = NDArray[np.uint8] | Rows | Crops


def rows_of(images: Images, key: slice | NDArray[np.integer[Any]]) -> Images:
    """`images[key]`, without copying anything if possible."""
    if isinstance(images, Rows | Crops):
        return images.rows(key)
    return images[key] if isinstance(key, slice) else Rows(images, key)


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Indices spread evenly over `count`, at most `most`: a sample of a set that may be sorted by class."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
