"""The codes of a model with a codebook as bytes: the index at each position in whole bits."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits_of", "pack", "size_of", "unpack"]


def bits_of(vectors: int) -> int:
    """The whole bits that the index of one of `vectors` vectors takes: 9 for 512."""
    return max(1, (vectors - 1).bit_length())


def size_of(positions: tuple[int, ...], vectors: int) -> int:
    """The bytes of one packed code."""
    return -(-prod(positions) * bits_of(vectors) // 8)


def pack(indices: NDArray[np.integer[Any]], vectors: int) -> bytes:
    """Pack indices, the most significant bit first; each code begins at a whole byte.

    Args:
        indices: `(batch, *positions)`, from 0 to `vectors` - 1.
        vectors: in the codebook.

    Returns:
        `batch * size_of(positions, vectors)` bytes.

    Raises:
        ValueError: an index is not one of the codebook's.
    """
    flat = np.asarray(indices).reshape(len(indices), prod(np.shape(indices)[1:]))
    if flat.size and not (flat.min() >= 0 and flat.max() < vectors):
        raise ValueError(f"indices must be from 0 to {vectors - 1}, not {flat.min()} to {flat.max()}")
    places = np.arange(bits_of(vectors) - 1, -1, -1)
    bits = (flat[:, :, None] >> places & 1).astype(np.uint8)
    return np.packbits(bits.reshape(len(flat), flat.shape[1] * len(places)), axis=1).tobytes()


def unpack(packed: bytes, positions: tuple[int, ...], vectors: int) -> NDArray[np.int64]:
    """The indices that `pack` packed, int64 `(batch, *positions)`.

    Raises:
        ValueError: the bytes are not whole codes, or hold an index that is not one of the codebook's.
    """
    size, bits = size_of(positions, vectors), bits_of(vectors)
    if len(packed) % size:
        raise ValueError(f"{len(packed)} bytes are not a whole number of codes, which have {size} bytes each")
    rows = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, size), axis=1)
    held = rows[:, : prod(positions) * bits].reshape(len(rows), prod(positions), bits).astype(np.int64)
    indices = held @ (1 << np.arange(bits - 1, -1, -1))
    if indices.size and indices.max() >= vectors:
        raise ValueError(f"they hold the index {indices.max()}, and the codebook has {vectors} vectors")
    return indices.reshape(len(rows), *positions)
