"""The figure for holes, on spaces whose holes are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from diabolo.runtime.latent.holes import measure_holes
from diabolo.runtime.latent.knn import distances

FLOATS = NDArray[np.float32]


def bump(latents: FLOATS) -> FLOATS:
    """Images of 1 x 64 with a bump where the latent says; the mean of many is no bump."""
    columns = np.linspace(-1, 2, 64)
    rows = np.exp(-np.square((columns - latents.reshape(-1, 1)) / 0.1))
    return rows[:, None, None].astype(np.float32)


def without_middle(count: int, seed: int) -> FLOATS:
    """Codes that are uniform on [0, .3] and on [.7, 1]."""
    codes = np.random.default_rng(seed).uniform(0, 0.6, (count, 1))
    return np.where(codes < 0.3, codes, codes + 0.4).astype(np.float32)


def share(make: Callable[[int, int], FLOATS], seed: int = 0) -> float:
    found = measure_holes(bump, make(3000, 0), make(2000, 1), seed=seed).share
    assert found is not None
    return found


def test_a_gap_of_known_size() -> None:
    """So much of a gaussian with the codes' mean and variance lies in (.3, .7); the rest is cut to [0, 1]."""
    variance = np.mean(np.square(np.linspace(0, 0.3, 1001) - 0.5))
    in_gap = math.erf(0.2 / math.sqrt(2 * variance))
    expected = in_gap + 0.05 * (1 - in_gap)  # the rest is no stranger than test images are
    for seed in range(3):
        assert share(without_middle, seed) == pytest.approx(expected, abs=0.025)


def test_what_is_found_far_lies_in_the_gap() -> None:
    found = measure_holes(bump, without_middle(8000, 0), without_middle(4000, 1))
    assert found.limit < 0.005
    inside = (found.places[:, 0] > 0.31) & (found.places[:, 0] < 0.69)
    assert found.is_hole[inside].all()
    assert found.is_hole[~inside].mean() < 0.1


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_no_gap(kind: str) -> None:
    def everywhere(count: int, seed: int) -> FLOATS:
        drawn = getattr(np.random.default_rng(seed), kind)(size=(count, 1))
        return np.asarray(drawn, np.float32)

    assert share(everywhere) == pytest.approx(0.05, abs=0.025)  # no stranger than test images are


def test_a_gap_that_decodes_to_the_data_is_no_hole() -> None:
    """The codes have a gap, the images have not: what lies in it looks like one side or the other."""

    def nearer_side(latents: FLOATS) -> FLOATS:
        sides = np.where(latents < 0.5, np.minimum(latents, 0.3), np.maximum(latents, 0.7))
        return bump(sides)

    codes = without_middle(8000, 0), without_middle(3000, 1)
    found = measure_holes(nearer_side, *codes).share
    assert found is not None
    assert found < 0.07


def test_a_border_is_no_hole() -> None:
    """In six bands the image runs fast, and codes are rare; but not as rare as far out, so none is far."""
    edges = np.linspace(-0.8, 0.8, 6)

    def across(latents: FLOATS) -> NDArray[np.bool_]:
        return (np.abs(latents - edges) < 0.01).any(1)

    def leaping(latents: FLOATS) -> FLOATS:
        leaps = np.clip((latents - edges + 0.01) / 0.02, 0, 1).sum(1, keepdims=True)
        return bump(0.1 * latents + 0.15 * leaps)

    def codes(count: int, seed: int) -> FLOATS:
        rng = np.random.default_rng(seed)
        drawn = rng.standard_normal((2 * count, 1)).astype(np.float32)
        return drawn[~across(drawn) | (rng.uniform(size=len(drawn)) < 0.2)][:count]

    learned, tested = codes(8000, 0), codes(4000, 1)
    found = measure_holes(leaping, learned, tested, prior=True)
    assert found.share is not None
    assert found.share < 0.07
    inside = across(found.places)
    assert inside.mean() > 0.03
    images, others = (leaping(latents).reshape(-1, 64) for latents in (found.places[inside], learned))
    unlike = distances(images, others) > np.quantile(distances(leaping(tested).reshape(-1, 64), others), 0.95)
    assert unlike.mean() > 0.5  # by images alone most of the border would be one


def test_where_there_is_a_prior_its_places_are_looked_at() -> None:
    """Codes are uniform in [-.5, .5], and that leaves so much of N(0, 1) empty."""

    def narrow(count: int, seed: int) -> FLOATS:
        return np.random.default_rng(seed).uniform(-0.5, 0.5, (count, 1)).astype(np.float32)

    learned, tested = narrow(3000, 0), narrow(2000, 1)
    found = measure_holes(bump, learned, tested, prior=True)
    outside = 1 - math.erf(0.5 / math.sqrt(2))
    assert found.share == pytest.approx(outside, abs=0.025)
    assert found.places.std() == pytest.approx(1, abs=0.05)
    without = measure_holes(bump, learned, tested).share
    assert without is not None
    assert without < 0.07


def test_no_figure_where_pixels_cannot_tell() -> None:
    """Images of noise: the mean of all is nearer to each than its neighbours are."""
    turn = np.random.default_rng(0).standard_normal((40, 2000)).astype(np.float32)

    def noise(latents: FLOATS) -> FLOATS:
        return (latents @ turn).reshape(-1, 1, 40, 50)

    codes = np.random.default_rng(1).standard_normal((3000, 40)).astype(np.float32)
    assert measure_holes(noise, codes[:2000], codes[2000:]).share is None


def test_no_figure_where_pixels_hardly_tell() -> None:
    """For three images in a hundred the mean is nearer to the others than they are."""
    turn = np.random.default_rng(0).standard_normal((39, 64)).astype(np.float32)

    def mixed(latents: FLOATS) -> FLOATS:
        return bump(latents[:, :1]) + (latents[:, 1:] @ turn).reshape(-1, 1, 1, 64)

    def codes(count: int, strange: int, seed: int) -> FLOATS:
        rng = np.random.default_rng(seed)
        drawn = rng.uniform(0, 1, (count, 40)).astype(np.float32)
        drawn[strange:, 1:] = 0
        return drawn

    assert measure_holes(mixed, codes(3000, 0, 0), codes(2000, 10, 1)).share is not None
    assert measure_holes(mixed, codes(3000, 0, 0), codes(2000, 60, 1)).share is None


def test_spatial_latents_and_few_codes() -> None:
    codes = np.random.default_rng(0).uniform(0, 1, (12, 2, 3, 3)).astype(np.float32)
    found = measure_holes(lambda latents: bump(latents.mean((1, 2, 3))), codes, codes[:2], places=50)
    assert found.places.shape == (50, 2, 3, 3)
    assert found.is_hole.shape == (50,)
    assert found.share is None  # of so few
    for learned, tested in ((codes[:1], codes), (codes, codes[:0])):
        with pytest.raises(ValueError, match="two training codes"):
            measure_holes(bump, learned, tested)
