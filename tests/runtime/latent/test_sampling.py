"""Where new latents are drawn from: the codes' mean and covariance, found in little time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from diabolo.runtime.latent import distribution


def codes(count: int, dimensions: int) -> NDArray[np.float32]:
    """Codes whose dimensions depend on one another."""
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((count, dimensions)) @ rng.standard_normal((dimensions, dimensions))
    return (mixed / np.sqrt(dimensions) + 3).astype(np.float32)


def test_many_dimensions_take_no_eigenvectors() -> None:
    given = np.random.default_rng(0).standard_normal((2510, 2500)).astype(np.float32)
    begun = time.thread_time()
    fitted = distribution.fit_gaussian(given)
    assert time.thread_time() - begun < 3  # an eigenvector of so many takes ten
    assert fitted is not None
    assert fitted[1].shape == (2500, 2510)
    drawn = distribution.draw_from(fitted, 16, np.random.default_rng(0))
    assert drawn.shape == (16, 2500)
    assert 0.9 < drawn.std() < 1.1


@pytest.mark.parametrize("most", [8, 7], ids=["eigenvectors", "codes"])
def test_a_root_is_one_of_the_codes_covariance(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(distribution, "_LARGE", most)
    given = codes(50, 8)
    fitted = distribution.fit_gaussian(given)
    assert fitted is not None
    mean, root = fitted
    assert root.shape == (8, 8 if most == 8 else 50)
    np.testing.assert_allclose(mean, given.mean(0), rtol=1e-5)
    np.testing.assert_allclose(root @ root.T, np.cov(given, rowvar=False), atol=1e-5)


def test_few_codes_tell_no_covariance() -> None:
    given = codes(1000, 1000)
    assert distribution.fit_gaussian(given) is None
    drawn = distribution.draw(given, 3, np.random.default_rng(0))
    assert drawn.shape == (3, 1000)
    assert (drawn <= given.max(0)).all()


def test_small_latents_are_drawn_as_ever() -> None:
    given = codes(50, 4)
    values, vectors = np.linalg.eigh(np.cov(given.astype(np.float64), rowvar=False))
    normal = np.random.default_rng(5).standard_normal((6, 4))
    wanted = normal @ (vectors * np.sqrt(values)).T + given.astype(np.float64).mean(0)
    fitted = distribution.fit_gaussian(given)
    assert fitted is not None
    np.testing.assert_array_equal(distribution.draw_from(fitted, 6, np.random.default_rng(5)), wanted)
