"""What a page shows by turns."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from diabolo.ui.models.shuffle import cycle_shuffled


@pytest.mark.parametrize("count", [2, 3, 10])
def test_nothing_comes_twice_in_a_row_and_all_come_equally_often(count: int) -> None:
    drawn = list(islice(cycle_shuffled(count), 5 * count))
    assert all(one != other for one, other in pairwise(drawn))
    assert all(drawn.count(index) == 5 for index in range(count))


def test_a_single_one_comes_always() -> None:
    assert list(islice(cycle_shuffled(1), 3)) == [0, 0, 0]
