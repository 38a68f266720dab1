"""What is done to a picture by hand: black and white, cropped to its object, inverted."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.convert import prepare
from diabolo.runtime.image.treatment import crop_to_object, threshold_picture


def page(mode: str = "L") -> Image.Image:
    """Bright paper, darker to the right, with two grey lines and a dark stroke of 40 x 80 at (60, 30)."""
    values = np.linspace(240, 180, 200)[None].repeat(160, 0)
    values[[20, 140]] -= 60
    values[30:110, 60:100] = 30
    return Image.fromarray(values.astype(np.uint8)).convert(mode)


def test_a_stroke_on_lined_paper_becomes_white_on_black() -> None:
    made = prepare(page(), (1, 28, 28), threshold=0.4, crop_object=True, invert=True)
    expected = np.zeros((28, 28), np.float32)
    expected[4:24, 9:19] = 1  # 20 x 10, in the middle
    np.testing.assert_array_equal(made.image[0] > 0.5, expected > 0.5)
    assert [name for name, _ in made.steps] == ["thresholded", "object", "resized", "inverted"]
    assert made.steps[:2] == (("thresholded", "0.4"), ("object", "112 x 112"))
    left_alone = prepare(page(), (1, 28, 28), invert=True).image[0]
    assert np.abs(left_alone - expected).mean() > 0.1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pixels_from_the_threshold_on_are_white(mode: str) -> None:
    made = threshold_picture(page(mode), 0.5)
    assert (made.mode, made.size) == (mode, (200, 160))
    np.testing.assert_array_equal(np.asarray(made.convert("L")) > 0, np.asarray(page()) >= 127.5)
    assert set(np.unique(np.asarray(made))) == {0, 255}


def test_the_object_fills_the_frame_whatever_its_place() -> None:
    picture = Image.new("RGB", (90, 50), (250, 240, 200))
    picture.paste((20, 30, 90), (80, 40, 90, 50))  # 10 x 10, in the corner
    made = crop_to_object(picture, 28, 28)
    assert made is not None
    assert (made.mode, made.size) == ("RGB", (14, 14))
    values = np.asarray(made)
    assert (values[2:12, 2:12] == (20, 30, 90)).all()
    assert (values[:2] == (250, 240, 200)).all()  # beyond the picture, the paper goes on
    wide = crop_to_object(picture, 56, 28)
    assert wide is not None
    assert wide.size == (28, 14)


def test_a_blank_page_is_left_as_it_is() -> None:
    blank = Image.new("L", (50, 50), 200)
    assert crop_to_object(blank, 28, 28) is None
    made = prepare(blank, (1, 28, 28), crop_object=True)
    assert [name for name, _ in made.steps] == ["resized"]


@pytest.mark.parametrize("threshold", [0, 1, -0.5, float("nan"), 128])
def test_a_threshold_that_is_none(threshold: float) -> None:
    with pytest.raises(UsageError, match=rf"between 0 and 1, such as 0.5, not {threshold}"):
        prepare(page(), (1, 28, 28), threshold=threshold)


def test_a_small_object_in_a_large_photograph_keeps_its_detail() -> None:
    large = Image.new("L", (3000, 2000), 255)
    large.paste(0, (1000, 900, 1100, 1000))
    large.paste(255, (1040, 940, 1060, 960))  # a hole of 20 pixels: 4 of the model's
    made = prepare(large, (1, 28, 28), crop_object=True).image[0]
    assert made[14, 14] > 0.9
    assert made[8, 14] < 0.1
