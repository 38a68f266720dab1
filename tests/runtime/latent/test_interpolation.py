"""Ways through the latent space: what holds for every one, and for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diabolo.runtime import Autoencoder, errors
from diabolo.runtime.latent.interpolation import (
    METHODS,
    find,
    grid,
    interpolate,
    linear,
    path,
    spherical,
    standardised,
)

each_method = pytest.mark.parametrize("method", METHODS)
shapes = st.sampled_from([(1,), (5,), (2, 3, 2)])
numbers = st.floats(-100, 100, width=32)


def latents(count: int, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float32, (count, *shape), elements=numbers)


def statistics(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A mean and a deviation; the last dimension never varies."""
    rng = np.random.default_rng(0)
    deviation = rng.uniform(0.1, 3, shape).astype(np.float32)
    deviation.flat[-1] = 0
    return rng.normal(size=shape).astype(np.float32), deviation


@each_method
@settings(max_examples=50, deadline=None)
@given(data=st.data(), shape=shapes, count=st.integers(2, 4), steps=st.integers(2, 6))
def test_a_path_meets_every_key_once(
    method: str, data: st.DataObject, shape: tuple[int, ...], count: int, steps: int
) -> None:
    keys = data.draw(latents(count, shape))
    walked = path(keys, steps, find(method, *statistics(shape)))
    assert walked.shape == ((count - 1) * (steps - 1) + 1, *shape)
    assert walked.dtype == np.float32
    np.testing.assert_array_equal(walked[:: steps - 1], keys)
    assert np.isfinite(walked).all()


@each_method
@settings(max_examples=30, deadline=None)
@given(data=st.data(), shape=shapes, steps=st.integers(2, 7))
def test_there_is_the_way_back(method: str, data: st.DataObject, shape: tuple[int, ...], steps: int) -> None:
    a, b = data.draw(latents(2, shape))
    way = find(method, *statistics(shape))
    there, back = interpolate(a, b, steps, way), interpolate(b, a, steps, way)
    np.testing.assert_allclose(there, back[::-1], atol=2e-2)


@each_method
@settings(max_examples=30, deadline=None)
@given(data=st.data(), shape=shapes, rows=st.integers(2, 4), columns=st.integers(2, 5))
def test_a_grid_has_its_corners(
    method: str, data: st.DataObject, shape: tuple[int, ...], rows: int, columns: int
) -> None:
    corners = data.draw(latents(4, shape))
    way = find(method, *statistics(shape))
    found = grid(corners, rows, columns, way)
    assert found.shape == (rows, columns, *shape)
    np.testing.assert_array_equal(found[[0, 0, -1, -1], [0, -1, 0, -1]], corners)
    np.testing.assert_array_equal(found[:, 0], interpolate(corners[0], corners[2], rows, way))


def test_a_linear_grid_is_bilinear() -> None:
    corners = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    found = grid(corners, 3, 5, linear)
    np.testing.assert_allclose(found[1, 2], corners.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found, grid(corners[[0, 2, 1, 3]], 5, 3, linear).swapaxes(0, 1), atol=1e-6)


def test_an_arc_keeps_its_length() -> None:
    walked = spherical(np.float32([3, 0]), np.float32([0, 3]), np.linspace(0, 1, 5, dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(walked, axis=1), 3, rtol=1e-6)
    np.testing.assert_allclose(walked[2], [3 / 2**0.5] * 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [([1, 1], [2, 2]), ([1, 0], [-1, 0]), ([0, 0], [1, 2])],
    ids=["parallel", "opposite", "no length"],
)
def test_where_there_is_no_arc_the_line_is_taken(a: list[float], b: list[float]) -> None:
    t = np.linspace(0, 1, 4, dtype=np.float32)
    ends = np.float32(a), np.float32(b)
    np.testing.assert_array_equal(spherical(*ends, t), linear(*ends, t))


def test_standardised_is_the_arc_in_units_of_the_deviation() -> None:
    mean, deviation = np.float32([10, -5]), np.float32([4, 0.5])
    a, b, t = np.float32([1, 0]), np.float32([0, 1]), np.linspace(0, 1, 9, dtype=np.float32)
    walked = standardised(mean + deviation * a, mean + deviation * b, t, mean=mean, std=deviation)
    np.testing.assert_allclose((walked - mean) / deviation, spherical(a, b, t), atol=1e-5)


def test_a_dimension_without_deviation_goes_straight() -> None:
    mean, deviation = np.float32([0, 0, 7]), np.float32([1, 1, 0])
    a, b, t = np.float32([1, 0, 2]), np.float32([0, 1, 4]), np.linspace(0, 1, 5, dtype=np.float32)
    walked = standardised(a, b, t, mean=mean, std=deviation)
    np.testing.assert_allclose(walked[:, 2], [2, 2.5, 3, 3.5, 4])
    np.testing.assert_allclose(walked[:, :2], spherical(a[:2], b[:2], t), atol=1e-6)


@each_method
def test_a_spatial_latent_is_walked_too(method: str, tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    images = np.random.default_rng(0).random((4, 1, 8, 8), np.float32)
    kept = model.reconstruct(images)
    walked = model.interpolate_path(list(images[:3]), steps=4, method=method)
    assert walked.shape == (7, 1, 8, 8)
    np.testing.assert_allclose(walked[::3], kept[:3], atol=1e-5)
    between = model.interpolate_grid(list(images), rows=2, columns=3, method=method)
    assert between.shape == (2, 3, 1, 8, 8)
    np.testing.assert_allclose(between[:, ::2].reshape(4, 1, 8, 8), kept, atol=1e-5)


def test_what_cannot_be_walked_is_told(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    image = np.zeros((1, 8, 8), np.float32)
    with pytest.raises(errors.UnknownNameError, match="Did you mean 'standardised'"):
        model.interpolate(image, image, method="standardized")
    for wrong in (1, 2.5):
        with pytest.raises(errors.UsageError, match="at least 2"):
            model.interpolate(image, image, steps=wrong)  # type: ignore[arg-type]
    with pytest.raises(errors.UsageError, match="two images"):
        model.interpolate_path([image])
    with pytest.raises(errors.UsageError, match="four images"):
        model.interpolate_grid([image] * 3)
    with pytest.raises(errors.UsageError, match="each end or corner"):
        model.interpolate(np.zeros((2, 1, 8, 8), np.float32), image)
