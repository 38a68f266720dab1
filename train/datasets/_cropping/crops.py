"""Pictures of different sizes, as square crops of one size.

Indexing gives crops at fixed places, which together cover every picture, so that everything that takes images
of one size works on them: statistics, PCA, plots. `drawn` gives the crops of an epoch of training: each at a
random place of its picture, mirrored and turned at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._cropping.gather import ORIENTATIONS, gather
from diabolo.train.datasets._cropping.pictures import Pictures
from diabolo.train.datasets._mapped import Mapped

__all__ = ["Crops"]

_PIECE = 2**25  # bytes of a mapped file that are read between two releases of its pages, about
_AROUND = 2**21  # bytes that the kernel may map around a page that is read: a huge page


class Crops:
    """Crops of some pictures; indexing with a slice or an array of indices gives a new array in memory.

    Each picture counts as the crops that are needed to cover it.

    Args:
        pictures: that the crops are taken from; each has sides of at least `size`.
        size: of the crops' sides, in pixels.
        chosen: indices of the pictures that are used; by default all of them.
        noisy: a noisy copy of each picture, of the same size, for `stacked`.
        most: crops, about; of each picture no more than an equal share, and at least one. By default as many
            as cover all pictures.
    """

    mapped = True  # batches are gathered ahead, by threads

    def __init__(
        self,
        pictures: Pictures,
        size: int,
        chosen: NDArray[np.integer[Any]] | None = None,
        *,
        noisy: Pictures | None = None,
        most: int | None = None,
    ) -> None:
        numbers = np.arange(len(pictures)) if chosen is None else np.asarray(chosen, np.int64)
        counts = (-(-pictures.sizes[numbers] // size)).prod(1)
        # for every crop, its picture and its place among the crops that cover that
        self._picture = np.repeat(numbers, counts)
        self._place = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        if most is not None:
            share = max(1, most // max(1, len(numbers)))
            kept = _evenly(self._place, np.repeat(counts, counts), share)
            self._picture, self._place = self._picture[kept], self._place[kept]
        self._pictures, self._noisy, self._size = pictures, noisy, size
        self._seed: tuple[int, int] | None = None
        self._stacked = False
        self._maps = [Mapped(one.pixels) for one in (pictures, noisy) if one is not None]

    def __len__(self) -> int:
        return len(self._picture)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(crops, channels, size, size)`."""
        return (len(self), self._pictures.channels * (1 + self._stacked), self._size, self._size)

    @property
    def ndim(self) -> int:
        """4."""
        return 4

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """uint8."""
        return self._pictures.pixels.dtype

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The picture of each crop: `(crops,)`, indices into the pictures."""
        return self._picture

    @property
    def count(self) -> int:
        """How many pictures the crops are of."""
        return len(np.unique(self._picture))

    @property
    def paired(self) -> bool:
        """Whether there is a noisy copy of every picture."""
        return self._noisy is not None

    def stacked(self) -> Crops:
        """These crops, each followed by the same crop of the noisy copy: `(crops, 2 * channels, size, size)`.

        Raises:
            ValueError: the pictures have no noisy copies.
        """
        if self._noisy is None:
            raise ValueError("crops of pictures without noisy copies")
        return self._changed(_stacked=True)

    def whole(self, most: int, first: int = 0, step: int = 1) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Whole pictures that the crops are of, with their numbers, from 0.

        Args:
            most: how many, at most; they are spread evenly over all of them.
            first: number of the first one that is read.
            step: from the number of one to the number of the next.

        Yields:
            The number and the picture, `(channels, height, width)`; with twice the channels if `stacked`.
        """
        known = np.unique(self._picture)
        chosen = known[np.linspace(0, len(known) - 1, min(len(known), most)).astype(np.int64)]
        for number in range(first, len(chosen), step):
            yield number, np.concatenate([one[int(chosen[number])] for one in self._sources()])
            self._give_back(int(self._pictures.sizes[chosen[number]].prod()) * self._pictures.channels)

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
        if not any(self._maps):
            return self._taken(index)
        # the rows of a crop are on different pages of the file, and more are mapped with each
        height, width = self._pictures.sizes[self._picture[index]].T
        planes = self._pictures.channels
        touched = np.minimum(planes * (self._size * width + _AROUND), planes * height * width + _AROUND)
        ends = np.flatnonzero(np.diff(touched.cumsum() // _PIECE)) + 1
        pieces = []
        for piece, size in zip(np.split(index, ends), np.split(touched, ends), strict=True):
            pieces.append(self._taken(piece))
            self._give_back(int(size.sum()))
        return np.concatenate(pieces)

    def _taken(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        numbers = self._picture[index]
        places, turns = self._fixed(index) if self._seed is None else self._random(index, *self._seed)
        out = [gather(one, self._size, numbers, places, turns) for one in self._sources()]
        return out[0] if len(out) == 1 else np.concatenate(out, 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _sources(self) -> list[Pictures]:
        return [self._pictures, self._noisy] if self._stacked and self._noisy else [self._pictures]

    def _give_back(self, size: int) -> None:
        for each in self._maps:
            each.give_back(size)

    def _fixed(self, index: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places and turns of crops that cover their pictures evenly: `(n, 2)` and `(n,)`."""
        sizes, place = self._pictures.sizes[self._picture[index]], self._place[index]
        across, room = -(-sizes // self._size), sizes - self._size
        steps = np.stack([place // across[:, 1], place % across[:, 1]], 1)
        return room * steps // np.maximum(1, across - 1), np.zeros(len(index), np.int64)

    def _random(
        self, index: NDArray[np.int64], seed: int, epoch: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        room = self._pictures.sizes[self._picture[index]] - self._size  # how far a crop may be moved
        bits = _random_bits(seed, epoch, index)
        places = bits[:, :2] * (room + 1).astype(np.uint64) >> np.uint64(32)
        return places.astype(np.int64), (bits[:, 2] % np.uint64(ORIENTATIONS)).astype(np.int64)

    def _changed(self, **attributes: Any) -> Crops:
        other = object.__new__(Crops)
        other.__dict__ |= self.__dict__ | attributes
        return other


def _evenly(place: NDArray[np.int64], counts: NDArray[np.int64], share: int) -> NDArray[np.bool_]:
    """Which of the crops are kept, so that of `counts` crops of a picture `share` are left, spread evenly."""
    left = np.minimum(counts, share)
    return (place + 1) * left // counts > place * left // counts


def _random_bits(seed: int, epoch: int, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Three random numbers of 32 bits for each index, uint64 `(n, 3)`.

    The mixing function of SplitMix64, whose input is a counter, so that no state is kept: Steele, Lea and
    Flood, 'Fast Splittable Pseudorandom Number Generators', https://doi.org/10.1145/2660193.2660195.
    """
    with np.errstate(over="ignore"):
        start = _mixed(_mixed(np.array([seed], np.uint64)) + np.uint64(epoch))
        counters = 3 * index[:, None] + np.arange(1, 4)
        steps = counters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return _mixed(np.add(start, steps, dtype=np.uint64)) >> np.uint64(32)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
