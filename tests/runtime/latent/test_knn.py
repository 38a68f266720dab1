"""Distances to the nearest of many points."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.runtime.latent import knn
from diabolo.runtime.latent.knn import distances


@pytest.mark.parametrize("k", [1, 3, 7])
def test_as_computed_one_by_one(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knn, "_CHUNK", 100)  # several pieces, the last one shorter
    rng = np.random.default_rng(0)
    points, others = rng.standard_normal((23, 5)), rng.standard_normal((31, 5))
    plain = np.sort(np.linalg.norm(points[:, None] - others[None], axis=2), axis=1)[:, k - 1]
    np.testing.assert_allclose(distances(points, others, k), plain, rtol=1e-5)


def test_exact_where_points_coincide_far_from_the_origin() -> None:
    points = np.float32(1000) + np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    np.testing.assert_allclose(distances(points, points), 0, atol=1e-6)


def test_fewer_others_than_k() -> None:
    with pytest.raises(ValueError, match=r"from 1 to 2.* not 3"):
        distances(np.zeros((1, 2)), np.zeros((2, 2)), 3)
