"""The latent space as one object: of a bundle, of a manifest, of codes, and with a codebook."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from _coded import save_coded
from _pair import save_pair
from numpy.typing import NDArray

from diabolo.runtime import Autoencoder, Bundle, LatentSpace
from diabolo.runtime.bundle import manifest
from diabolo.runtime.errors import LatentError, ManifestError, UnknownNameError, UsageError
from diabolo.runtime.latent import Codebook, Fitted, Normal, Statistics, interpolation

SHAPES = [(1,), (2,), (7,), (3, 2, 2)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def codes(count: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return (3 + 2 * rng(4).standard_normal((count, *shape))).astype(np.float32)


@pytest.fixture(params=SHAPES, ids=str)
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Bundle:
    return Bundle.open(save_coded(tmp_path / "coded", request.param))


def test_of_a_bundle(bundle: Bundle) -> None:
    m, space = bundle.manifest, LatentSpace.of(bundle)
    assert space.shape == m.latent_shape
    assert space.dimensions == m.latent_mean.size
    for mine, theirs in (
        (space.statistics.mean, m.latent_mean),
        (space.statistics.std, m.latent_std),
        (space.statistics.minimum, m.latent_minimum),
        (space.statistics.maximum, m.latent_maximum),
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert space.distribution.name == "fitted"
    assert space.codes is not None
    assert space.density is not None
    ranks = space.rank(space.codes.latents)
    assert ranks is not None
    np.testing.assert_array_equal(ranks, space.density.rank(space.codes.latents))


def test_the_model_s_own_is_asked_by_all_of_its_verbs(bundle: Bundle) -> None:
    model = Autoencoder(bundle, device="cpu")
    space = model.latent_space
    assert model.latent_space is space
    assert model.codes is space.codes
    assert model.density is space.density
    assert model.sampling == space.distribution.description
    np.testing.assert_array_equal(model.sample_latents(5, seed=3), space.sample(5, rng(3)))
    images = rng().uniform(0, 1, (2, 1, 8, 8)).astype(np.float32)
    keys = model.encode(images)
    for method in interpolation.METHODS:
        walked = model.interpolate(images[:1], images[1:], steps=5, method=method)
        np.testing.assert_array_equal(walked, model.decode(space.interpolate(keys, 5, method)))


def test_codes_are_not_read_before_they_are_needed(tmp_path: Path) -> None:
    """A path between latents needs none; a file of codes that was changed does not stop it."""
    folder = save_coded(tmp_path / "coded", (2,))
    space = LatentSpace.of(Bundle.open(folder))
    shutil.copyfile(folder / "decoder.onnx", folder / "codes.npz")
    assert space.interpolate(codes(2, (2,)), 4).shape == (4, 2)
    assert space.distribution.name == "fitted"
    assert space.plane((0, 1)).axes == (0, 1)
    for ask in (lambda: space.codes, lambda: space.density, lambda: space.sample(1, rng())):
        with pytest.raises((ManifestError, manifest.IntegrityError)):
            ask()


def test_of_a_manifest_alone(tmp_path: Path) -> None:
    m = Bundle.open(save_pair(tmp_path / "plain")).manifest
    space = LatentSpace.of(m)
    assert space.codes is None
    assert space.density is None
    assert space.rank(m.latent_mean[None]) is None
    assert "each dimension independently" in space.distribution.description
    drawn = space.sample(4000, rng())
    np.testing.assert_allclose(drawn.mean(0), m.latent_mean, atol=0.2)
    assert (drawn.std(0)[m.latent_std > 0] > 1.5).all()
    assert (drawn.std(0)[m.latent_std == 0] == 0).all()
    assert drawn.min() >= -4
    assert drawn.max() <= 4
    with pytest.raises(UsageError, match="without codes"):
        space.plane()


def test_version_1_has_no_distribution(tmp_path: Path) -> None:
    """A release that reads only version 1 ignores the key, and so does this one."""
    folder = save_pair(tmp_path / "old", latent_shape=(2, 3), latent={"prior": "normal"})
    document = json.loads((folder / "model.json").read_text("utf-8"))
    document["latent"]["distribution"] = "codebook"
    raw = manifest.seal(document)
    assert manifest.parse(raw).distribution == "codebook"
    zeros = re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64, raw, count=1)
    blank = zeros.replace(b'"format_version": 2', b'"format_version": 1')
    raw = blank.replace(b"0" * 64, hashlib.sha256(blank).hexdigest().encode(), 1)
    assert manifest.parse(raw).distribution == "normal"


def test_a_prior(tmp_path: Path) -> None:
    folder = save_pair(tmp_path / "prior", latent_shape=(2, 3), latent={"prior": "normal"})
    space = LatentSpace.of(Bundle.open(folder))
    assert space.distribution.name == "normal"
    drawn = space.sample(3, rng(7))
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, rng(7).standard_normal((3, 2, 3)).astype(np.float32))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_training_draws_as_the_exported_bundle_does(shape: tuple[int, ...], tmp_path: Path) -> None:
    """`of_codes` and `of` share one distribution, where codes and statistics are the same."""
    folder = save_coded(tmp_path / "coded", shape)
    exported = LatentSpace.of(Bundle.open(folder))
    assert exported.codes is not None
    training = LatentSpace.of_codes(exported.codes.latents)
    np.testing.assert_allclose(training.sample(40, rng()), exported.sample(40, rng()), atol=1e-5)


def test_a_fitted_gaussian_has_the_codes_covariance() -> None:
    turn = np.array([[2, 1.8], [1.8, 2]])
    given = rng().multivariate_normal([1, -1], turn, 5000).astype(np.float32)
    drawn = LatentSpace.of_codes(given).sample(5000, rng(1))
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), turn, atol=0.15)
    np.testing.assert_allclose(drawn.mean(0), [1, -1], atol=0.1)
    assert (drawn >= given.min(0)).all()
    assert (drawn <= given.max(0)).all()


def test_of_codes_with_a_prior() -> None:
    space = LatentSpace.of_codes(codes(10, (4,)), prior="normal")
    assert space.distribution.name == "normal"
    np.testing.assert_allclose(space.statistics.std, codes(10, (4,)).std(0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_of_either_size(dtype: type[np.float32] | type[np.float64]) -> None:
    drawn = Normal((3, 2), dtype).sample(4, rng(1))
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, rng(1).standard_normal((4, 3, 2), dtype).astype(np.float32))


def test_interpolation_is_that_of_the_functions() -> None:
    given = codes(50, (3, 2))
    space, mean, std = LatentSpace.of_codes(given), given.mean(0), given.std(0)
    for method in interpolation.METHODS:
        interpolator = interpolation.find(method, mean, std)
        np.testing.assert_array_equal(
            space.interpolate(given[:3], 5, method), interpolation.path(given[:3], 5, interpolator)
        )
        np.testing.assert_array_equal(
            space.grid(given[:4], 3, 2, method), interpolation.grid(given[:4], 3, 2, interpolator)
        )
    with pytest.raises(UnknownNameError, match="Choose from: linear"):
        space.interpolate(given[:2], 5, "liner")
    with pytest.raises(UsageError, match=r"steps must be .* at least 2"):
        space.interpolate(given[:2], 1)


def test_planes() -> None:
    given = codes(200, (7,)) * np.array([1, 1, 9, 1, 5, 1, 1], np.float32)
    space = LatentSpace.of_codes(given)
    widest = space.plane()
    assert widest.axes is None
    assert abs(widest.across[2]) > 0.99
    assert abs(widest.up[4]) > 0.99
    np.testing.assert_allclose(widest.project(given).mean(0), 0, atol=1e-3)
    np.testing.assert_array_equal(space.plane((5, 0)).project(given), given[:, [5, 0]])
    assert space.plane((3, 3)).project(given[:2])[:, 1].tolist() == [0, 0]
    for wrong in ((0, 7), (-1, 0), (0,), (0, 1, 2), "01", (0.0, 1), {}, [[0], [1]]):
        with pytest.raises(UsageError, match="two of the 7 dimensions"):
            space.plane(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1,), (2,), (1, 2, 1)], ids=str)
def test_a_space_of_one_or_two_dimensions_is_its_own_plane(shape: tuple[int, ...]) -> None:
    given = codes(30, shape)
    flat = given.reshape(30, -1)
    shown = LatentSpace.of_codes(given).plane().project(given)
    np.testing.assert_array_equal(shown[:, : flat.shape[1]], flat)
    assert not shown[:, flat.shape[1] :].any()


def test_only_a_codebook_quantises() -> None:
    space = LatentSpace.of_codes(codes(10, (2,)))
    with pytest.raises(UsageError, match="'fitted'"):
        space.quantise(codes(1, (2,)))


def toy(positions: tuple[int, ...] = (2, 3)) -> tuple[LatentSpace, Codebook]:
    """Three vectors of two values, the last of them never used."""
    book = Codebook([[0, 0], [1, 0], [0, 1]], [3, 1, 0], positions=positions)
    drawn = book.sample(100, rng())
    return LatentSpace(Statistics.of(drawn), book), book


@pytest.mark.parametrize("positions", [(), (3,), (2, 3)], ids=str)
def test_a_codebook_quantises_position_by_position(positions: tuple[int, ...]) -> None:
    space, book = toy(positions)
    assert space.distribution.name == "codebook"
    assert space.shape == book.shape == (2, *positions)
    latents = rng(2).uniform(-1, 2, (5, 2, *positions)).astype(np.float32)
    quantised = space.quantise(latents)
    assert quantised.shape == latents.shape
    assert quantised.dtype == np.float32
    vectors = np.array([[0, 0], [1, 0], [0, 1]])
    points = np.moveaxis(latents, 1, -1).reshape(-1, 2)
    apart = np.linalg.norm(points[:, None] - vectors[None], axis=2)
    wanted = vectors[apart.argmin(1)].reshape(5, *positions, 2)
    np.testing.assert_array_equal(np.moveaxis(quantised, 1, -1), wanted)
    np.testing.assert_array_equal(book.indices(latents), apart.argmin(1).reshape(5, *positions))
    np.testing.assert_array_equal(space.quantise(quantised), quantised)


def test_a_codebook_s_vectors_are_drawn_by_frequency() -> None:
    space, book = toy()
    drawn = space.sample(2000, rng(1))
    assert drawn.shape == (2000, 2, 2, 3)
    np.testing.assert_array_equal(drawn, space.sample(2000, rng(1)))
    shares = np.bincount(book.indices(drawn).ravel(), minlength=3) / (2000 * 6)
    np.testing.assert_allclose(shares, [0.75, 0.25, 0], atol=0.02)
    large = Codebook(np.eye(2), [1.5e308, 1.5e308])  # their sum is not a finite number
    np.testing.assert_array_equal(large.frequencies, [0.5, 0.5])
    equal = Codebook(np.eye(4)).sample(4000, rng())
    np.testing.assert_allclose(equal.mean(0), 0.25, atol=0.03)


def test_a_codebook_without_sense() -> None:
    for vectors in ([], [1, 2], [[]], np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match=r"shape \(n, d\)"):
            Codebook(vectors)
    with pytest.raises(ValueError, match="finite"):
        Codebook([[np.nan]])
    for frequencies in ([1], [1, 1, 1], [[1, 1]]):
        with pytest.raises(ValueError, match="as many frequencies"):
            Codebook(np.eye(2), frequencies)
    for frequencies in ([0, 0], [-1, 2], [np.inf, 1]):
        with pytest.raises(ValueError, match="at least 0, and not all 0"):
            Codebook(np.eye(2), frequencies)
    space, book = toy()
    with pytest.raises(LatentError, match="do not fit"):
        space.quantise(np.zeros((1, 2, 2, 2), np.float32))
    with pytest.raises(ValueError, match="must have the shape"):
        book.quantise(np.zeros((1, 3, 2, 3), np.float32))


def test_a_large_codebook_finds_its_own_vectors() -> None:
    vectors = rng().standard_normal((512, 16)).astype(np.float32)
    np.testing.assert_array_equal(Codebook(vectors).indices(vectors), np.arange(512))


def test_fitted_to_few_codes_draws_each_dimension_by_itself() -> None:
    few = Fitted.to(codes(3, (5,)))
    assert "each dimension independently" in few.description
    assert "covariance" not in few.description
    assert few.sample(6, rng()).shape == (6, 5)
