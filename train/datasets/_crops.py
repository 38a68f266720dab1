"""Pictures of different sizes, as square crops of one size.

The pictures lie one after the other in a flat array, which may be mapped from a file. Indexing gives crops at
fixed places, which together cover every picture, so that everything that takes images of one size works on
them: statistics, PCA, plots. `drawn` gives the crops of an epoch of training: each at a random place of its
picture, mirrored and turned at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._mapped import Mapped

__all__ = ["Crops", "Pictures"]

_ORIENTATIONS = 8  # of a square: four quarter turns, each mirrored or not


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """Pictures of different sizes in one array.

    Attributes:
        pixels: uint8 `(bytes,)`, in memory or mapped from a file; each picture is `(channels, height,
            width)`.
        starts: int64 `(n,)`, where each picture begins.
        sizes: int64 `(n, 2)`, height and width of each.
        channels: 1 or 3.
    """

    pixels: NDArray[np.uint8]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    channels: int

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        """A view of one picture, `(channels, height, width)`."""
        height, width = (int(side) for side in self.sizes[number])
        start = int(self.starts[number])
        flat = self.pixels[start : start + self.channels * height * width]
        return flat.reshape(self.channels, height, width)

    @classmethod
    def of(cls, pictures: list[NDArray[np.uint8]]) -> Pictures:
        """Copy pictures `(channels, height, width)`, at least one, into one array."""
        sizes = np.array([picture.shape[1:] for picture in pictures], np.int64)
        lengths = np.array([picture.size for picture in pictures], np.int64)
        return cls(
            pixels=np.concatenate([picture.ravel() for picture in pictures]),
            starts=np.concatenate([[0], lengths.cumsum()[:-1]]),
            sizes=sizes,
            channels=len(pictures[0]),
        )


class Crops:
    """Crops of some pictures; indexing with a slice or an array of indices gives a new array in memory.

    Each picture counts as the crops that are needed to cover it.

    Args:
        pictures: that the crops are taken from; each has sides of at least `size`.
        size: of the crops' sides, in pixels.
        chosen: indices of the pictures that are used; by default all of them.
    """

    mapped = True  # batches are gathered ahead, by threads

    def __init__(self, pictures: Pictures, size: int, chosen: NDArray[np.integer[Any]] | None = None) -> None:
        numbers = np.arange(len(pictures)) if chosen is None else np.asarray(chosen, np.int64)
        across = -(-pictures.sizes[numbers] // size)  # crops per side
        counts = across.prod(1)
        self._pictures, self._size, self._numbers = pictures, size, numbers
        # for every crop, its picture and its place among the crops that cover that
        self._picture = np.repeat(numbers, counts)
        self._place = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        self._seed: tuple[int, int] | None = None
        self._mapped = Mapped(pictures.pixels)

    def __len__(self) -> int:
        return len(self._picture)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(crops, channels, size, size)`."""
        return (len(self), self._pictures.channels, self._size, self._size)

    @property
    def ndim(self) -> int:
        """4."""
        return 4

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """uint8."""
        return self._pictures.pixels.dtype

    @property
    def count(self) -> int:
        """How many pictures the crops are of."""
        return len(np.unique(self._picture))

    def whole(self, most: int, first: int = 0, step: int = 1) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Whole pictures that the crops are of, with their numbers, from 0.

        Args:
            most: how many, at most; they are spread evenly over all of them.
            first: number of the first one that is read.
            step: from the number of one to the number of the next.

        Yields:
            The number and the picture, `(channels, height, width)`.
        """
        known = np.unique(self._picture)
        chosen = known[np.linspace(0, len(known) - 1, min(len(known), most)).astype(np.int64)]
        for number in range(first, len(chosen), step):
            picture = self._pictures[int(chosen[number])].copy()
            self._mapped.give_back(picture.size)
            yield number, picture

    def rows(self, key: slice | NDArray[np.integer[Any]]) -> Crops:
        """Some of these crops; nothing is copied."""
        return self._changed(_picture=self._picture[key], _place=self._place[key])

    def drawn(self, seed: int, epoch: int) -> Crops:
        """The crops of an epoch: each at a random place of its picture, mirrored and turned at random.

        What is drawn for a crop depends only on the seed, the epoch and its index.

        Args:
            seed: of the run.
            epoch: from 0.
        """
        return self._changed(_seed=(seed, epoch))

    def __getitem__(self, key: slice | NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        index = np.arange(len(self))[key]
        numbers = self._picture[index]
        room = self._pictures.sizes[numbers] - self._size  # how far a crop may be moved, down and right
        if self._seed is None:
            places, turns = self._fixed(numbers, self._place[index], room), np.zeros(len(index), np.int64)
        else:
            bits = _random_bits(*self._seed, index)
            places = (bits[:, :2] * (room + 1).astype(np.uint64) >> np.uint64(32)).astype(np.int64)
            turns = (bits[:, 2] % np.uint64(_ORIENTATIONS)).astype(np.int64)
        out = np.empty((len(index), *self.shape[1:]), np.uint8)
        size = self._size
        for row, number in enumerate(numbers.tolist()):
            top, left = places[row].tolist()
            crop = self._pictures[number][:, top : top + size, left : left + size]
            out[row] = _oriented(crop, int(turns[row]))
        self._mapped.give_back(out.size)
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _fixed(
        self, numbers: NDArray[np.int64], place: NDArray[np.int64], room: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The top left corners of crops that cover their pictures evenly, `(n, 2)`."""
        across = -(-self._pictures.sizes[numbers] // self._size)
        steps = np.stack([place // across[:, 1], place % across[:, 1]], 1)
        return np.where(across > 1, room * steps // np.maximum(1, across - 1), room // 2)

    def _changed(self, **attributes: Any) -> Crops:
        other = object.__new__(Crops)
        other.__dict__ |= self.__dict__ | attributes
        return other


def _oriented(crop: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """The crop `(channels, size, size)`, turned by `turn % 4` quarters, and mirrored if `turn` is above 3."""
    crop = np.rot90(crop, turn % 4, (1, 2)) if turn % 4 else crop
    return crop[:, :, ::-1] if turn > 3 else crop


def _random_bits(seed: int, epoch: int, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Three random numbers of 32 bits for each index, uint64 `(n, 3)`.

    The mixing function of SplitMix64, whose input is a counter, so that no state is kept: Steele, Lea and
    Flood, 'Fast Splittable Pseudorandom Number Generators', https://doi.org/10.1145/2660193.2660195.
    """
    with np.errstate(over="ignore"):
        start = _mixed(_mixed(np.array([seed], np.uint64)) + np.array([epoch], np.uint64))
        three = np.arange(3).astype(np.uint64)
        counters: NDArray[np.uint64] = index.astype(np.uint64)[:, None] * np.uint64(3) + three
        spread: NDArray[np.uint64] = (counters + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        return _mixed(start + spread) >> np.uint64(32)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
