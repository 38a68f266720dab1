"""The plane in which codes spread most."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.runtime.latent.pca import principal


@pytest.mark.parametrize("dimensions", [2, 3, 40])
def test_the_widest_two_directions(dimensions: int) -> None:
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))
    widths = np.r_[5, 3, np.full(dimensions - 2, 0.3)]
    codes = (100 + (rng.standard_normal((2000, dimensions)) * widths) @ turn.T).astype(np.float32)
    across, up = principal(codes)
    _, vectors = np.linalg.eigh(np.cov(codes.T))
    assert abs(across @ vectors[:, -1]) > 0.999
    assert abs(up @ vectors[:, -2]) > 0.999
    assert abs(across @ up) < 1e-4


@pytest.mark.parametrize("count", [1, 2])
def test_few_codes_and_a_large_latent(count: int) -> None:
    codes = np.random.default_rng(0).standard_normal((count, 16384)).astype(np.float32)
    across, up = principal(codes)
    assert np.linalg.norm(across) == pytest.approx(1, abs=1e-4)
    assert np.linalg.norm(up) == pytest.approx(1, abs=1e-4)
    assert abs(across @ up) < 1e-4
