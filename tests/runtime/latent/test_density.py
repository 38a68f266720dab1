"""How dense training codes lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from diabolo.runtime.latent.density import NEIGHBOUR, Density


def made(shape: tuple[int, ...], count: int = 4000, scale: float = 1.0) -> Density:
    rng = np.random.default_rng(0)
    training = (scale * rng.standard_normal((count, *shape))).astype(np.float32)
    tested = (scale * rng.standard_normal((1000, *shape))).astype(np.float32)
    found = Density(training, np.array([0, 1], np.float32)).distance(tested)
    return Density(training, np.quantile(found, np.linspace(0, 1, 101)).astype(np.float32))


@pytest.mark.parametrize("shape", [(2,), (2, 1, 3)])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_a_test_code_is_ordinary_and_a_far_one_is_not(shape: tuple[int, ...], scale: float) -> None:
    density = made(shape, scale=scale)
    own = (scale * np.random.default_rng(5).standard_normal((500, *shape))).astype(np.float32)
    assert density.rank(own).mean() == pytest.approx(0.5, abs=0.05)
    assert (density.rank(np.full((1, *shape), 10 * scale, np.float32)) > 0.99).all()
    assert density.typical == pytest.approx(float(np.median(density.distance(own))), rel=0.2)


def test_an_empty_ring_in_the_middle_of_the_space() -> None:
    """The codes lie on a circle: the centre is far from all of them, though it is their mean."""
    turn = np.random.default_rng(0).uniform(0, 2 * np.pi, 3000)
    circle = np.column_stack([np.cos(turn), np.sin(turn)]).astype(np.float32)
    start = Density(circle[:2000], np.array([0, 1], np.float32))
    density = Density(circle[:2000], np.sort(start.distance(circle[2000:])).astype(np.float32))
    assert density.rank(np.zeros((1, 2), np.float32))[0] == 1
    assert density.rank(circle[2000:]).mean() == pytest.approx(0.5, abs=0.02)


def test_log_density_of_a_gaussian() -> None:
    density = made((2,), count=20000)
    points = np.array([[0, 0], [1, 0], [0, 2]], np.float32)
    known = -np.square(points).sum(1) / 2 - math.log(2 * math.pi)
    np.testing.assert_allclose(density.log_density(points), known, atol=0.9)
    assert (np.diff(density.log_density(points)) < 0).all()


def test_a_dimension_that_never_varies_divides_by_no_zero() -> None:
    codes: NDArray[np.float32] = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    codes[:, 1] = 3
    density = Density(codes, np.linspace(0, 1, 11, dtype=np.float32))
    assert np.isfinite(density.distance(codes)).all()
    assert np.isfinite(Density(np.zeros((9, 2), np.float32), np.ones(2, np.float32)).distance(codes)).all()


def test_too_few_codes() -> None:
    with pytest.raises(ValueError, match=f"at least {NEIGHBOUR} training codes"):
        Density(np.zeros((NEIGHBOUR - 1, 2), np.float32), np.ones(2, np.float32))


def test_identical_codes_are_known_ground_and_nothing_else_is() -> None:
    density = Density(np.full((20, 3), 7, np.float32), np.zeros(11, np.float32))
    assert density.rank(np.full((1, 3), 7, np.float32))[0] == 0
    assert density.rank(np.full((1, 3), 8, np.float32))[0] == 1
