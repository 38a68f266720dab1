"""The plan of tiles: it covers a picture once, and each tile sees as far as the receptive field reaches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.runtime.image.tiles import cut, pad, plan, scaled

SIDES = st.integers(1, 200)


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, st.integers(1, 90), st.sampled_from([1, 2, 4, 8]), st.integers(0, 40))
def test_tiles_cover_the_picture_once_and_see_the_receptive_field(
    height: int, width: int, side: int, multiple: int, radius: int
) -> None:
    side = max(side, multiple)
    seen = np.zeros((height, width), int)
    extended = [-(-length // multiple) * multiple for length in (height, width)]
    for tile in plan(height, width, side, multiple, radius):
        seen[tile.rows, tile.columns] += 1
        for part, source, length in zip(
            (tile.rows, tile.columns), (tile.source_rows, tile.source_columns), extended, strict=True
        ):
            assert part.stop - part.start <= side
            assert source.start % multiple == source.stop % multiple == 0
            assert source.start <= max(0, part.start - radius)
            assert source.stop >= min(length, part.stop + radius)
            assert 0 <= source.start < source.stop <= length
    assert (seen == 1).all()


@settings(max_examples=50, deadline=None)
@given(SIDES, SIDES, st.integers(2, 60), st.integers(0, 20))
def test_cutting_and_putting_together_gives_the_picture(
    height: int, width: int, side: int, radius: int
) -> None:
    picture = np.random.default_rng(0).random((3, height, width), np.float32)
    out = np.zeros_like(picture)
    for tile in plan(height, width, side, 2, radius):
        source = cut(picture, tile)
        assert source.shape[1] % 2 == source.shape[2] % 2 == 0
        out[:, tile.rows, tile.columns] = source[:, *tile.inner]
    np.testing.assert_array_equal(out, picture)


def test_one_tile_for_a_side_of_zero() -> None:
    (tile,) = plan(5, 7, 0, 4, 100)
    assert (tile.rows, tile.columns) == (slice(0, 5), slice(0, 7))
    assert (tile.source_rows, tile.source_columns) == (slice(0, 8), slice(0, 8))


def test_the_edge_is_repeated_beyond_the_picture() -> None:
    picture = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    (tile,) = plan(2, 3, 0, 4, 0)
    expected = [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]
    assert cut(picture, tile)[0].tolist() == expected
    assert pad(picture[None], 4)[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([0, 255], np.uint8), [0, 1]),
        (np.array([0, 65535], np.uint16), [0, 1]),
        (np.array([0.25, 2.0], np.float32), [0.25, 2.0]),
        (np.array([0.25, 0.5], np.float64), [0.25, 0.5]),
    ],
)
def test_pixels_of_any_type_become_floats(image: np.ndarray, expected: list[float]) -> None:
    result = scaled(image)
    assert result.dtype == np.float32
    assert result.tolist() == expected
