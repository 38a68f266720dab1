"""Cut a picture into overlapping tiles that together give the result of the whole.

A model of any size computes each pixel from the pixels within its receptive radius r, and takes pictures
whose sides are multiples of m. So a tile is computed from the part of the picture that extends r further on
each side, on the grid of m, and the margin of the result is thrown away. At the edges of the picture there is
no margin: the model sees there what it would see in the whole. A picture whose sides are no multiples of m is
extended to the right and to the bottom by repeating its edge, and the result is cut to the picture's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tile", "cut", "pad", "plan", "scaled"]

_SCALES = {"u1": 255, "u2": 65535}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tile of a picture; all numbers are pixels from the picture's top left corner.

    Attributes:
        rows, columns: the part of the picture that the tile gives.
        source_rows, source_columns: the part that it is computed from, which may extend beyond the picture's
            right and bottom edge.
    """

    rows: slice
    columns: slice
    source_rows: slice
    source_columns: slice

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where the rows and columns of the tile are within its source."""
        return _within(self.rows, self.source_rows), _within(self.columns, self.source_columns)


def plan(height: int, width: int, side: int, multiple: int, radius: int) -> list[Tile]:
    """The tiles of a picture, row by row. Together they cover it, and no two overlap but by their sources.

    Args:
        height: of the picture, at least 1.
        width: of the picture, at least 1.
        side: of a tile, at most, without its margin; 0 for one tile.
        multiple: of which the sides of every source are.
        radius: the receptive radius: the margin that a source has on each side within the picture, at least.
    """
    margin = _up(radius, multiple)
    across = [list(_spans(length, side, multiple, margin)) for length in (height, width)]
    return [
        Tile(rows=rows, columns=columns, source_rows=source_rows, source_columns=source_columns)
        for rows, source_rows in across[0]
        for columns, source_columns in across[1]
    ]


def _spans(length: int, side: int, multiple: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """The tiles along one side of a picture, each with its source; their lengths differ by one step at
    most."""
    steps = -(-length // multiple)
    count = -(-steps // max(1, side // multiple)) if side else 1
    ends = [steps * (number + 1) // count * multiple for number in range(count)]
    for start, end in zip([0, *ends], ends, strict=False):
        source = slice(max(0, start - margin), min(ends[-1], end + margin))
        yield slice(start, min(end, length)), source


def cut(image: NDArray[np.generic], tile: Tile) -> NDArray[np.float32]:
    """The source of a tile, float32 `(channels, height, width)` in [0, 1].

    Args:
        image: `(channels, height, width)`; uint8, uint16, or float in [0, 1].
        tile: from `plan`.
    """
    part = scaled(image[:, tile.source_rows, tile.source_columns])
    down, right = (
        source.stop - source.start - length
        for source, length in zip((tile.source_rows, tile.source_columns), part.shape[1:], strict=True)
    )
    return np.pad(part, ((0, 0), (0, down), (0, right)), "edge") if down or right else part


def scaled(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """An image or a batch of uint8, uint16 or float, as float32 in [0, 1] and contiguous."""
    values = np.ascontiguousarray(image, np.float32)
    if scale := _SCALES.get(image.dtype.str[1:]):
        values /= np.float32(scale)  # a copy by now, as the type has changed
    return values


def pad(batch: NDArray[np.float32], multiple: int) -> NDArray[np.float32]:
    """Images `(batch, channels, height, width)`, extended to multiples by repeating the right and bottom
    edge."""
    down, right = (-side % multiple for side in batch.shape[2:])
    return np.pad(batch, ((0, 0), (0, 0), (0, down), (0, right)), "edge") if down or right else batch


def _within(part: slice, source: slice) -> slice:
    return slice(part.start - source.start, part.stop - source.start)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
