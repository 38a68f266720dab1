"""Pictures of more than 100 million pixels, as phones take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image import resize
from diabolo.runtime.image.convert import open_image, prepare
from diabolo.train.datasets import Fitting
from diabolo.train.datasets._decoding.decode import decode, measure
from diabolo.train.errors import DataError


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of 10,000 pixels for ours, and of 15,000 for Pillow's own, so that files are small."""
    monkeypatch.setattr(resize, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7_500)


def jpeg(path: Path, width: int, height: int, **more: object) -> Path:
    across = np.linspace(0, 255, width).astype(np.uint8)
    Image.fromarray(np.tile(across, (height, 1))).save(path, "JPEG", **more)
    return path


@pytest.mark.parametrize("size", [(120, 90), (200, 199)])  # beyond our limit; beyond Pillow's own
def test_a_jpeg_is_decoded_coarsely(tmp_path: Path, limit: None, size: tuple[int, int]) -> None:
    path = jpeg(tmp_path / "a.jpg", *size)
    assert measure(path)[0] == size[::-1]
    pixels = decode(path, (8, 8), Fitting()).pixels
    seen = prepare(path, (1, 8, 8)).image
    np.testing.assert_array_equal(np.rint(seen * 255), pixels)
    assert pixels[0, 4].tolist() == sorted(pixels[0, 4].tolist())
    assert Image.MAX_IMAGE_PIXELS == 7_500  # as it was


def test_what_cannot_be_decoded_coarsely_is_refused(tmp_path: Path, limit: None) -> None:
    for path in (
        jpeg(tmp_path / "progressive.jpg", 120, 90, progressive=True),  # libjpeg keeps all of it in memory
        jpeg(tmp_path / "huge.jpg", 201, 200),
    ):
        with pytest.raises(DataError, match="DIABOLO_MEGAPIXELS"):
            decode(path, (8, 8), Fitting())
        with pytest.raises(ImageError, match="DIABOLO_MEGAPIXELS"):
            prepare(path, (1, 8, 8))
    whole = jpeg(tmp_path / "whole.jpg", 120, 90)
    for look in (open_image, lambda path: prepare(path, (1, 100, 100))):  # needs more than the limit allows
        with pytest.raises(ImageError, match="DIABOLO_MEGAPIXELS"):
            look(whole)
    with pytest.raises(ImageError, match="DIABOLO_MEGAPIXELS"):
        prepare(Image.new("L", (120, 90)), (1, 8, 8))


def test_the_limit_can_be_raised(tmp_path: Path, limit: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (200, 200), 9).save(path)
    with pytest.raises(ImageError, match="1 million pixels, more than 0 million"):
        open_image(path)
    monkeypatch.setenv("DIABOLO_MEGAPIXELS", "1")
    assert open_image(path).size == (200, 200)
    assert prepare(path, (1, 8, 8)).image.max() == np.float32(9 / 255)
    assert decode(path, (8, 8), Fitting()).size == (200, 200)


@pytest.mark.parametrize("given", ["many", "0", "-1", "1.5"])
def test_other_limits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    monkeypatch.setenv("DIABOLO_MEGAPIXELS", given)
    with pytest.raises(ImageError, match=f"DIABOLO_MEGAPIXELS '{given}' is not possible"):
        open_image(tmp_path / "a.png")


@pytest.mark.long
def test_12000_by_9000(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "phone.jpg", 12_000, 9_000)
    assert prepare(path, (1, 64, 64)).steps[0] == ("cropped", "9000 x 9000")
