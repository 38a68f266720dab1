"""Pictures as files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diabolo.runtime.image.mosaic import png, render


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_png_keeps_every_pixel(mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 4), np.uint8)
    picture = Image.fromarray(noise).convert(mode)
    again = Image.open(io.BytesIO(png(picture)))
    assert again.mode == mode
    assert again.tobytes() == picture.tobytes()


def test_a_png_keeps_what_it_says_about_itself() -> None:
    text = PngInfo()
    text.add_text("source", "a test")
    assert Image.open(io.BytesIO(png(Image.new("L", (2, 2)), text))).info["source"] == "a test"


def test_enlarged_pixels_take_fewer_bytes_than_pillow_s_own() -> None:
    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))
    large, pillow = render([small], "PNG", scale=16), io.BytesIO()
    Image.open(io.BytesIO(large)).save(pillow, "PNG")
    assert len(large) < len(pillow.getvalue())
