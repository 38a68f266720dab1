"""The estimated noise level is near the true one, on images whose noise is known."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.noise_level import estimate_noise, estimate_noise_of_channels


def scene(channels: int = 1, side: int = 256) -> np.ndarray:
    """Half of it smooth, half textured, with a black and a white corner."""
    y, x = np.mgrid[:side, :side] / side
    smooth = 0.3 + 0.4 * x * y
    textured = 0.5 + 0.2 * np.sin(90 * x) * np.sin(70 * y)
    image = np.where(x < 0.5, smooth, textured)
    image[: side // 8, : side // 8], image[-side // 8 :, : side // 8] = 0, 1
    return np.repeat(image[None], channels, 0).astype(np.float32)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("level", [2, 5, 10, 25, 50])
def test_the_level_is_found(level: int, clip: bool) -> None:
    image = scene(3)
    noisy = image + level / 255 * np.random.default_rng(0).standard_normal(image.shape, np.float32)
    found = 255 * estimate_noise(noisy.clip(0, 1) if clip else noisy)
    assert found == pytest.approx(level, rel=0.05, abs=0.3)


def test_a_clean_image_has_next_to_no_noise() -> None:
    assert estimate_noise(scene()) < 0.5 / 255
    assert estimate_noise(np.full((1, 64, 64), 0.5)) == pytest.approx(0, abs=1e-6)
    assert estimate_noise(np.zeros((3, 28, 28), np.uint8)) == 0


@pytest.mark.parametrize("side", [16, 28, 32, 64])
def test_small_images_are_not_underestimated(side: int) -> None:
    rng = np.random.default_rng(0)
    found = [estimate_noise(0.5 + 0.05 * rng.standard_normal((1, side, side))) for _ in range(20)]
    assert np.mean(found) == pytest.approx(0.05, rel=0.12)


def test_8_bits_and_floats_agree() -> None:
    noisy = scene(3) + 0.04 * np.random.default_rng(0).standard_normal((3, 256, 256))
    values = np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)
    assert estimate_noise(values) == pytest.approx(estimate_noise(values / 255), rel=1e-3)


def test_each_channel_has_its_level() -> None:
    levels = np.array([0.02, 0.05, 0.1])
    image = 0.5 + levels[:, None, None] * np.random.default_rng(0).standard_normal((3, 128, 128))
    np.testing.assert_allclose(estimate_noise_of_channels(image), levels, rtol=0.05)
    assert estimate_noise(image) == pytest.approx(math.sqrt(np.square(levels).mean()), rel=0.05)


def test_twelve_megapixels_take_no_copy_in_floats() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 3000, 4000), np.uint8)
    began = time.process_time()
    estimate_noise(image)
    assert time.process_time() - began < 3  # 0.1 s on a free core


@settings(deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=20)))
def test_any_image_has_a_level_or_none(image: np.ndarray) -> None:
    found = estimate_noise(image)
    assert math.isnan(found) or 0 <= found < 2
    assert math.isnan(found) == (max(0, image.shape[1] - 4) * max(0, image.shape[2] - 4) < 50)


@pytest.mark.parametrize("image", [np.zeros((8, 8)), np.zeros((0, 8, 8)), np.zeros((1, 8, 8), int), "x"])
def test_what_is_not_an_image_is_refused(image: object) -> None:
    with pytest.raises(ImageError, match="noise is estimated from"):
        estimate_noise(image)  # type: ignore[arg-type]
