"""The figure for holes, on spaces whose holes are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from diabolo.runtime.holes import Holes, measure_holes

FLOATS = NDArray[np.float32]


def brightness(latents: FLOATS) -> FLOATS:
    """Images of 2 x 2 that are as bright as the latent says: two differ by what their latents differ by."""
    return np.broadcast_to(latents.reshape(-1, 1, 1, 1), (len(latents), 1, 2, 2)).astype(np.float32)


def without_middle(count: int, seed: int) -> FLOATS:
    """Codes that are uniform on [0, .3] and on [.7, 1]."""
    codes = np.random.default_rng(seed).uniform(0, 0.6, (count, 1))
    return np.where(codes < 0.3, codes, codes + 0.4).astype(np.float32)


def measured(make: object, **more: int) -> Holes:
    assert callable(make)
    return measure_holes(brightness, make(8000, 0), make(3000, 1), **more)


def test_a_gap_of_known_size() -> None:
    """Half of the pairs lie astride the gap; of their line, .4 / length is in it."""
    steps = (np.arange(300) + 0.5) / 1000
    in_gap = 0.5 * np.mean(0.4 / (0.4 + steps[:, None] + steps[None]))
    expected = in_gap + 0.05 * (1 - in_gap)  # the rest is no stranger than test images are
    for seed in range(3):
        assert measured(without_middle, seed=seed).share == pytest.approx(expected, abs=0.02)


def test_what_is_found_far_lies_in_the_gap() -> None:
    found = measured(without_middle)
    assert found.limit < 0.005
    assert found.at.shape == found.far.shape == (4000,)
    assert (
        found.far[np.abs(found.at - 0.5) < 0.1].mean() > found.far[np.abs(found.at - 0.5) > 0.4].mean() + 0.1
    )


def test_no_gap() -> None:
    def everywhere(count: int, seed: int) -> FLOATS:
        return np.random.default_rng(seed).uniform(0, 1, (count, 1)).astype(np.float32)

    assert measured(everywhere).share < 0.06


def test_a_gap_that_decodes_to_the_data_is_no_hole() -> None:
    """The codes have a gap, the images have not: what lies in it looks like one side or the other."""

    def nearer_side(latents: FLOATS) -> FLOATS:
        sides = np.where(latents < 0.5, np.minimum(latents, 0.3), np.maximum(latents, 0.7))
        return brightness(sides)

    codes = without_middle(8000, 0), without_middle(3000, 1)
    assert measure_holes(nearer_side, *codes).share < 0.06


def test_spatial_latents_and_few_codes() -> None:
    codes = np.random.default_rng(0).uniform(0, 1, (12, 2, 3, 3)).astype(np.float32)
    found = measure_holes(lambda latents: brightness(latents.mean((1, 2, 3))), codes, codes[:2], places=50)
    assert 0 <= found.share <= 1
    with pytest.raises(ValueError, match="two test codes"):
        measure_holes(brightness, codes, codes[:1])
