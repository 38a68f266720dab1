"""Crops: fixed ones cover their pictures, drawn ones are pieces of them, turned and mirrored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.train.datasets import Crops, Pictures, Split, rows_of
from diabolo.train.datasets._cropping.gather import gather

SIZES = st.integers(16, 100)


def positions(sizes: list[tuple[int, int]]) -> Pictures:
    """Pictures whose channels are the row, the column and the number of the picture."""
    pictures = []
    for number, (height, width) in enumerate(sizes):
        rows, columns = np.mgrid[:height, :width]
        pictures.append(np.stack([rows, columns, np.full_like(rows, number)]).astype(np.uint8))
    return Pictures.of(pictures)


@st.composite
def several(draw: st.DrawFn) -> tuple[Pictures, int]:
    """One to four pictures of up to 200 x 200 pixels, and a size of crops that fits all of them."""
    size = draw(SIZES)
    sides = st.integers(size, 200)
    return positions(draw(st.lists(st.tuples(sides, sides), min_size=1, max_size=4))), size


def orientations(piece: np.ndarray) -> list[np.ndarray]:
    """The eight of a square `(channels, size, size)`, by numpy's own functions."""
    turned = [np.rot90(piece, turn, (1, 2)) for turn in range(4)]
    return turned + [np.flip(one, 2) for one in turned]


@settings(max_examples=60, deadline=None)
@given(several())
def test_fixed_crops_cover_every_pixel(made: tuple[Pictures, int]) -> None:
    pictures, size = made
    crops = Crops(pictures, size)
    assert crops.shape == (len(crops), 3, size, size)
    assert crops.count == len(pictures)
    seen = crops[:]
    assert (seen[:, 2, 0, 0] == crops.numbers).all()
    for number, (height, width) in enumerate(pictures.sizes.tolist()):
        own = seen[crops.numbers == number].astype(int)
        assert len(own) == -(-height // size) * -(-width // size)
        assert len(set((own[:, 0] * 256 + own[:, 1]).ravel().tolist())) == height * width
        assert (np.diff(own[:, 0], axis=1) == 1).all()  # upright
        assert (np.diff(own[:, 1], axis=2) == 1).all()


@settings(max_examples=60, deadline=None)
@given(several(), st.integers(0, 2**31 - 1), st.integers(0, 1000))
def test_drawn_crops_are_pieces_of_their_picture(made: tuple[Pictures, int], seed: int, epoch: int) -> None:
    pictures, size = made
    crops = Crops(pictures, size)
    for crop, number in zip(crops.drawn(seed, epoch)[:20], crops.numbers, strict=False):
        top, left = crop[0].min(), crop[1].min()
        piece = pictures[int(number)][:, top : top + size, left : left + size]
        assert any(np.array_equal(crop, turned) for turned in orientations(piece))


@settings(max_examples=60, deadline=None)
@given(several(), st.integers(0, 2**31 - 1), st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_same_crops_whatever_the_batches(
    made: tuple[Pictures, int], seed: int, epoch: int, random: object
) -> None:
    crops = Crops(*made)
    drawn = crops.drawn(seed, epoch)
    order = np.random.default_rng(seed).permutation(len(crops))
    pieces = np.array_split(order, 1 + epoch % 5)
    batches = np.concatenate([Crops(*made).drawn(seed, epoch)[piece] for piece in pieces])
    assert np.array_equal(batches, drawn[:][order])
    assert np.array_equal(drawn[order[-1:]], batches[-1:])


def test_every_orientation_and_place_is_drawn() -> None:
    crops = Crops(positions([(18, 17)]), 16)  # four crops that overlap
    drawn = np.concatenate([crops.drawn(0, epoch)[:] for epoch in range(200)])
    found = {crop.tobytes() for crop in drawn}
    assert len(found) == 8 * 3 * 2
    counts = np.unique(drawn.reshape(len(drawn), -1), axis=0, return_counts=True)[1]
    assert counts.min() > 800 / 48 / 4


def test_epochs_and_seeds_differ() -> None:
    crops = Crops(positions([(100, 120)]), 16)
    first, again, later, other = (crops.drawn(*by)[:] for by in ((0, 0), (0, 0), (0, 1), (1, 0)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("size", [16, 21, 64])
@pytest.mark.parametrize("turn", range(8))
def test_gather_turns_as_numpy_does(turn: int, size: int) -> None:
    pictures = positions([(100, 90), (70, 120)])
    numbers, places = np.array([0, 1, 1]), np.array([[3, 20], [0, 0], [5, 50]])
    expected = []
    for number, (top, left) in zip(numbers.tolist(), places.tolist(), strict=True):
        piece = pictures[number][:, top : top + size, left : left + size]
        piece = piece[:, ::-1] if turn & 1 else piece
        change = {0: piece, 2: piece[:, :, ::-1], 4: piece.swapaxes(1, 2)}
        expected.append(change[turn & 6] if turn < 6 else piece.swapaxes(1, 2)[:, ::-1])
    found = gather(pictures, size, numbers, places, np.full(3, turn))
    assert np.array_equal(found, np.stack(expected))
    assert found.flags.c_contiguous
    assert found.flags.owndata or found.base is not pictures.pixels


def test_the_eight_turns_are_all_orientations() -> None:
    pictures = positions([(16, 16)])
    zeros = np.zeros((8, 2), np.int64)
    found = gather(pictures, 16, zeros[:, 0], zeros, np.arange(8))
    assert {one.tobytes() for one in found} == {one.tobytes() for one in orientations(pictures[0])}


@settings(max_examples=60, deadline=None)
@given(several(), st.integers(1, 30))
def test_at_most_so_many_and_of_each_picture_one(made: tuple[Pictures, int], most: int) -> None:
    pictures, size = made
    every, some = Crops(pictures, size), Crops(pictures, size, most=most)
    assert some.count == len(pictures)
    assert len(some) <= max(most, len(pictures))
    share = max(1, most // len(pictures))
    for number in range(len(pictures)):
        own = (every.numbers == number).sum()
        assert (some.numbers == number).sum() == min(own, share)
    known = {crop.tobytes() for crop in every[:]}
    assert {crop.tobytes() for crop in some[:]} <= known


def test_chosen_pictures_and_rows() -> None:
    pictures = positions([(40, 40), (16, 16), (20, 30)])
    crops = Crops(pictures, 16, np.array([2, 0]))
    assert set(crops.numbers) == {0, 2}
    some = rows_of(crops, np.array([3, 0]))
    assert isinstance(some, Crops)
    assert np.array_equal(some[:], crops[np.array([3, 0])])
    assert np.array_equal(some[::-1], some[:][::-1])
    assert np.asarray(some).shape == (2, 3, 16, 16)
    assert some[:0].shape == (0, 3, 16, 16)
    Split(images=some, labels=np.zeros(2, np.int64))


def test_whole_pictures() -> None:
    pictures = positions([(40, 40), (16, 16), (20, 30), (17, 19)])
    crops = Crops(pictures, 16, np.array([0, 2, 3]))
    assert [number for number, _ in crops.whole(9)] == [0, 1, 2]
    for number, picture in crops.whole(9):
        assert np.array_equal(picture, pictures[[0, 2, 3][number]])
    shared = [one for first in range(2) for one in crops.whole(9, first, 2)]
    assert sorted(number for number, _ in shared) == [0, 1, 2]
    assert [picture.shape[1:] for _, picture in crops.whole(2)] == [(40, 40), (17, 19)]


@settings(max_examples=30, deadline=None)
@given(several(), st.integers(0, 100))
def test_noisy_copies_are_cropped_alike(made: tuple[Pictures, int], seed: int) -> None:
    pictures, size = made
    noisy = Pictures.of([255 - pictures[number] for number in range(len(pictures))])
    crops = Crops(pictures, size, noisy=noisy)
    assert crops.paired
    for some in (crops, crops.drawn(seed, 1)):
        both = some.stacked()
        assert both.shape == (len(crops), 6, size, size)
        assert np.array_equal(both[:][:, :3], some[:])
        assert np.array_equal(both[:][:, 3:], 255 - some[:])
    for (_, clean), (_, pair) in zip(crops.whole(9), crops.stacked().whole(9), strict=True):
        assert np.array_equal(pair, np.concatenate([clean, 255 - clean]))


def test_without_noisy_copies_nothing_is_stacked() -> None:
    crops = Crops(positions([(16, 16)]), 16)
    assert not crops.paired
    with pytest.raises(ValueError, match="without noisy copies"):
        crops.stacked()
