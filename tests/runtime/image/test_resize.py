"""What a model is given is fitted just as what it learned from was."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _images import sample
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.image import _flat
from diabolo.runtime.image import resize as fitting
from diabolo.runtime.image.convert import as_batch, prepare
from diabolo.runtime.image.resize import RESIZE, crop_box, fit
from diabolo.train.datasets import Fitting
from diabolo.train.datasets._decoding.decode import decode

SIDES = st.integers(1, 300)
SIZES = st.integers(8, 64)


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(width * 1000 + height)
    values = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(values).convert(mode)


@settings(max_examples=200, deadline=None)
@given(across=SIDES, down=SIDES, width=SIZES, height=SIZES, how=st.sampled_from(sorted(RESIZE)))
@example(across=649, down=229, width=47, height=33, how="crop")
@example(across=30_000, down=1, width=8, height=8, how="crop")
@example(across=1, down=30_000, width=8, height=64, how="pad")
def test_fit(across: int, down: int, width: int, height: int, how: str) -> None:
    out = fit(picture(across, down), width, height, how, (255, 0, 0))
    assert out.size == (width, height)
    assert out.mode == "RGB"


@settings(max_examples=300)
@given(across=SIDES, down=SIDES, width=SIZES, height=SIZES)
def test_the_crop_box_stays_inside(across: int, down: int, width: int, height: int) -> None:
    left, top, right, bottom = crop_box(picture(across, down, "L"), width, height)
    assert 0 <= left < right <= across
    assert 0 <= top < bottom <= down
    assert (right - left) / (bottom - top) == pytest.approx(width / height)
    assert left == pytest.approx(across - right)
    assert top == pytest.approx(down - bottom)


@pytest.mark.parametrize("resize", sorted(RESIZE))
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("size", [(40, 90), (90, 40), (12, 12), (20, 31)])
def test_learned_and_given_alike(tmp_path: Path, resize: str, colour: bool, size: tuple[int, int]) -> None:
    """A dark ground with bright padding, so that nothing may be taken for an inverted picture."""
    path = tmp_path / "a.png"
    image = picture(*size).point(lambda value: value // 3)
    image.save(path)
    asked = Fitting(image_size=(20, 31), resize=resize, colour=colour, background="#ff8800")
    learned = decode(path, (20, 31), asked).pixels
    shape = (3 if colour else 1, 20, 31)
    seen = prepare(path, shape, invert=None, background=0.2, resize=resize, padding=asked.ground)
    assert np.array_equal(np.rint(seen.image * 255).astype(np.uint8), learned)
    assert ("inverted", "") not in seen.steps


def palette(width: int, height: int) -> Image.Image:
    """A palette with a transparent colour."""
    out = sample("RGB", width, height).quantize(16)
    out.info["transparency"] = 3
    return out


MODES: dict[str, Callable[[int, int], Image.Image]] = {
    mode: functools.partial(sample, mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16", "F")
}
MODES["P"] = palette


def same(path: Path, image: Image.Image, colour: bool, resize: str, size: tuple[int, int]) -> None:
    """Trained on and given, as a file and as a picture, an image is the same."""
    asked = Fitting(image_size=size, resize=resize, colour=colour, background="#ff8800")
    learned = decode(path, size, asked).pixels
    shape = (3 if colour else 1, *size)
    for source in (path, image):
        seen = prepare(source, shape, resize=resize, padding=asked.ground).image
        assert np.array_equal(np.rint(seen * 255).astype(np.uint8), learned)
        batch = as_batch([source, source], shape, resize=resize, padding=asked.ground)
        assert np.array_equal(batch, np.stack([seen, seen]))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_crop_is_told_in_the_pixels_of_the_file(tmp_path: Path, orientation: int) -> None:
    """Reduced eight times, it has 61 x 41 pixels, whose proportions are others."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture(481, 321).save(tmp_path / "a.jpg", exif=exif)
    assert prepare(tmp_path / "a.jpg", (3, 28, 28)).steps[0] == ("cropped", "321 x 321")
    wide = ("cropped", "481 x 240") if orientation == 1 else ("cropped", "321 x 160")
    assert prepare(tmp_path / "a.jpg", (3, 14, 28)).steps[0] == wide


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("resize", sorted(RESIZE))
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("strips", [False, True])
def test_every_mode_is_learned_and_given_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, resize: str, colour: bool, strips: bool
) -> None:
    if strips:
        monkeypatch.setattr(fitting, "_LARGE", 1000)
        monkeypatch.setattr(_flat, "_STRIP", 2000)
    image = MODES[mode](190, 140)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "F") else "a.png")
    image.save(path)
    same(path, image, colour, resize, (20, 31))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["jpg", "png"])
def test_turned_alike(tmp_path: Path, orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture(90, 40).save(tmp_path / f"a.{form}", exif=exif)
    with Image.open(tmp_path / f"a.{form}") as image:
        same(tmp_path / f"a.{form}", image, True, "pad", (20, 31))


def test_a_large_jpeg_is_learned_and_given_alike(tmp_path: Path) -> None:
    """Both decode it no finer than is of use; what was done is told in its own pixels."""
    picture(1600, 1200).save(tmp_path / "a.jpg")
    learned = decode(tmp_path / "a.jpg", (28, 28), Fitting(colour=True)).pixels
    seen = prepare(tmp_path / "a.jpg", (3, 28, 28))
    assert np.array_equal(np.rint(seen.image * 255).astype(np.uint8), learned)
    assert seen.steps == (("cropped", "1200 x 1200"), ("resized", "28 x 28"))
    with Image.open(tmp_path / "a.jpg") as image:
        prepare(image, (3, 28, 28))
        assert image.size == (1600, 1200)  # the caller's own stays as it is


@pytest.mark.parametrize("mode", sorted(MODES))
def test_a_very_large_picture_is_shrunk_strip_by_strip(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """What takes memory sees a strip at a time, and the result is nearly the same."""
    image = MODES[mode](300, 500).resize((1500, 2500), Image.Resampling.NEAREST)
    if mode == "P":
        image.info["transparency"] = 3
    whole = fitting.fit(fitting.flatten(image, (255, 0, 0), (20, 20)), 20, 20, "fit", (0, 0, 0))
    seen: list[tuple[int, int]] = []
    plain = _flat.plain

    def watched(picture: Image.Image, *more: Any) -> Image.Image:
        seen.append(picture.size)
        return plain(picture, *more)

    monkeypatch.setattr(_flat, "plain", watched)
    monkeypatch.setattr(fitting, "_LARGE", 10**6)
    monkeypatch.setattr(_flat, "_STRIP", 10**5)
    flat = fitting.flatten(image, (255, 0, 0), (20, 20))
    assert flat.size == (60, 100)  # three times the size on the shorter side
    assert all(width == 1500 and width * height <= 1500 * 75 for width, height in seen)
    assert sum(height for _, height in seen) == 2500
    strips = fitting.fit(flat, 20, 20, "fit", (0, 0, 0))
    difference = np.abs(np.asarray(strips).astype(int) - np.asarray(whole).astype(int))
    assert difference.mean() < 1
    assert difference.max() <= 12


@settings(max_examples=60, deadline=None)
@given(across=st.integers(1, 700), down=st.integers(1, 700), side=SIZES)
@example(across=700, down=1, side=8)
def test_strips_of_any_shape(across: int, down: int, side: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(fitting, "_LARGE", 0)
        monkeypatch.setattr(_flat, "_STRIP", 1000)
        flat = fitting.flatten(picture(across, down), (0, 0, 0), (side, side))
        assert flat.width <= across
        assert min(flat.size) >= min(across, down, 3 * side)
        assert flat.getbbox() == (0, 0, *flat.size)  # no row was forgotten
        if min(across, down) < 6 * side:
            assert flat.tobytes() == picture(across, down).tobytes()


def drawing(ink: int) -> Image.Image:
    """A stroke on transparent paper."""
    out = Image.new("RGBA", (56, 56))
    out.paste((ink, ink, ink, 255), (24, 8, 32, 48))
    return out


@pytest.mark.parametrize(("background", "ink"), [(0.0, 255), (1.0, 0)])
def test_a_drawing_lies_on_the_model_s_own_ground(background: float, ink: int) -> None:
    paper = round(255 * background)
    options = {"invert": None, "background": background, "padding": (255, 255, 255)}
    seen = prepare(drawing(ink), (1, 28, 28), ground=(paper, paper, paper), **options)
    assert seen.image[0, 0, 0] == background
    assert abs(seen.image[0, 14, 14] - ink / 255) < 0.1
    assert ("inverted", "") not in seen.steps


def test_what_is_transparent_shows_the_padding() -> None:
    image = Image.new("RGBA", (30, 30))
    for padding in ((255, 255, 255), (255, 136, 0)):
        seen = prepare(image, (3, 8, 8), padding=padding, background=0.0)
        assert (np.rint(seen.image * 255) == np.array(padding)[:, None, None]).all()
        batch = as_batch(image, (3, 8, 8), padding=padding)
        assert np.array_equal(batch[0], seen.image)


def test_padding_is_not_inverted(tmp_path: Path) -> None:
    bright = Image.new("L", (10, 20), 255)
    bright.paste(0, (4, 4, 6, 16))
    seen = prepare(bright, (1, 16, 16), invert=None, background=0.0, resize="pad", padding=(255, 255, 255))
    assert seen.image[0, :, 0].min() == 1.0  # the padding the model knows
    assert seen.image[0, 0, 8] == 0.0  # the picture's own ground turned dark
    assert [step for step, _ in seen.steps] == ["inverted", "padded", "resized"]


def test_unknown_resize() -> None:
    with pytest.raises(UnknownNameError, match=r"'corp'.*'crop'"):
        prepare(picture(4, 4), (3, 8, 8), resize="corp")


def test_a_batch_is_inverted_as_a_picture_is(tmp_path: Path) -> None:
    picture(40, 40, "L").save(tmp_path / "a.png")
    plain = as_batch(tmp_path / "a.png", (1, 28, 28))
    swapped = as_batch(tmp_path / "a.png", (1, 28, 28), invert=True)
    np.testing.assert_allclose(swapped, 1 - plain, atol=1e-6)
    bright = Image.new("L", (28, 28), 255)
    assert as_batch(bright, (1, 28, 28), invert=None, background=0.0).max() == 0
