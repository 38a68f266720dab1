"""Pictures of different sizes in one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pictures", "starts_of"]


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
        height, width = self.sizes[number].tolist()
        start = int(self.starts[number])
        flat = self.pixels[start : start + self.channels * height * width]
        return flat.reshape(self.channels, height, width)

    def rows(self, index: NDArray[np.integer[Any]]) -> Pictures:
        """Some of the pictures, in the order of `index`; nothing is copied."""
        return replace(self, starts=self.starts[index], sizes=self.sizes[index])

    @classmethod
    def of(cls, pictures: Sequence[NDArray[np.uint8]]) -> Pictures:
        """Copy pictures `(channels, height, width)`, at least one, into one array."""
        sizes = np.array([picture.shape[1:] for picture in pictures], np.int64)
        channels = len(pictures[0])
        return cls(
            pixels=np.concatenate([picture.ravel() for picture in pictures]),
            starts=channels * starts_of(sizes),
            sizes=sizes,
            channels=channels,
        )


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of some pictures begins if they lie one after the other, in pixels.

    Args:
        sizes: int64 `(n, 2)`, height and width of each.
    """
    pixels: NDArray[np.int64] = sizes.prod(1)
    starts: NDArray[np.int64] = pixels.cumsum() - pixels
    return starts
