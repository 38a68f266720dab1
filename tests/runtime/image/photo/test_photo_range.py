"""Grey photographs of 16 bits, of which the model takes a part of the values for black and white."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from _images import TiledModel, photo
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.image.own_size import as_it_is
from diabolo.runtime.image.photo import Photo, process_photo, read_photo

TWELVE_BITS = (16.0, 4095.0)


def twelve_bits() -> Photo:
    """A scan of 12 bits with some pixels beyond them."""
    pixels = np.random.default_rng(0).integers(16, 4096, (40, 50, 1)).astype(np.uint16)
    pixels[0, :4, 0] = 0, 15, 4096, 65535
    return Photo(pixels=pixels, format="TIFF")


def seen_by(takes: int, given: Photo, value_range: tuple[float, float] | None) -> NDArray[Any]:
    seen: list[NDArray[np.float32]] = []

    def look(values: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(values)
        return values

    process_photo(TiledModel(takes, look, value_range), given)
    return seen[0]


@pytest.mark.parametrize("takes", [1, 3])
def test_the_range_is_black_to_white_for_the_model(takes: int) -> None:
    given = twelve_bits()
    values = seen_by(takes, given, TWELVE_BITS)
    expected = np.clip((given.pixels[..., 0].astype(np.float64) - 16) / (4095 - 16), 0, 1)
    np.testing.assert_allclose(values, np.broadcast_to(expected, values.shape), atol=1e-5)


@pytest.mark.parametrize("takes", [1, 3])
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_a_model_that_changes_nothing_leaves_every_value(takes: int, strength: float) -> None:
    given = twelve_bits()
    done = process_photo(TiledModel(takes, value_range=TWELVE_BITS), given, strength=strength)
    np.testing.assert_array_equal(done.pixels, given.pixels)


def test_the_result_is_within_the_range() -> None:
    given = twelve_bits()
    done = process_photo(TiledModel(1, np.ones_like, TWELVE_BITS), given).pixels[..., 0]
    assert done[0, :4].tolist() == [4079, 4094, 4096, 65535]  # as far beyond the range as they were
    assert (done[1:] == 4095).all()


def test_floats_are_scaled_as_the_file_has_them() -> None:
    file = io.BytesIO()
    Image.fromarray(np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)).save(file, "TIFF")
    given = read_photo(file.getvalue())
    values = seen_by(1, given, (0.25, 0.75))
    expected = np.clip((np.linspace(0, 1, 400).reshape(1, 20, 20) - 0.25) / 0.5, 0, 1)
    np.testing.assert_allclose(values, expected, atol=1e-4)
    done = process_photo(TiledModel(1, value_range=(0.25, 0.75)), given)
    np.testing.assert_array_equal(done.pixels, given.pixels)


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (3, 16)])
def test_other_photographs_are_not_scaled(channels: int, bits: int) -> None:
    given = photo(9, 9, channels, bits=bits)
    np.testing.assert_array_equal(seen_by(3, given, (100, 200)), seen_by(3, given, None))


def test_pictures_in_python_are_scaled_too() -> None:
    picture = Image.fromarray(twelve_bits().pixels[..., 0])
    dark, scaled = as_it_is(picture, 1), as_it_is(picture, 1, value_range=TWELVE_BITS)
    assert dark[0, 1:].max() == 16
    assert (scaled[0, 1:].min(), scaled[0, 1:].max()) == (0, 255)
