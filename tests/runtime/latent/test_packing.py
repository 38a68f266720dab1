"""Indices as bytes and back, for any number of vectors; bytes that are no codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diabolo.runtime.latent.packing import bits_of, pack, size_of, unpack


@given(
    vectors=st.integers(1, 70_000),
    positions=st.lists(st.integers(1, 5), max_size=2).map(tuple),
    batch=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_there_and_back(vectors: int, positions: tuple[int, ...], batch: int, seed: int) -> None:
    indices = np.random.default_rng(seed).integers(0, vectors, (batch, *positions))
    packed = pack(indices, vectors)
    assert len(packed) == batch * size_of(positions, vectors)
    np.testing.assert_array_equal(unpack(packed, positions, vectors), indices)


def test_the_bits_are_those_of_the_indices() -> None:
    assert (bits_of(512), size_of((8, 8), 512)) == (9, 72)
    assert [bits_of(n) for n in (1, 2, 3, 4, 5, 1024, 1025)] == [1, 1, 2, 2, 3, 10, 11]
    assert pack(np.array([[1, 2, 5]]), 8) == bytes([0b00101010, 0b10000000])


@pytest.mark.parametrize("indices", [[[-1]], [[8]]])
def test_an_index_that_is_not_there(indices: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="from 0 to 7"):
        pack(np.array(indices), 8)


def test_bytes_that_are_no_codes() -> None:
    with pytest.raises(ValueError, match="not a whole number of codes"):
        unpack(b"123", (4,), 512)
    with pytest.raises(ValueError, match="the index 7"):
        unpack(bytes([0xFF]), (2,), 5)
