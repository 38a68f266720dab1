"""Image files to arrays: every form, size and way of fitting."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _images import sample
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from diabolo.runtime.errors import UnknownNameError
from diabolo.train.datasets import RESIZE, Fitting, Split
from diabolo.train.datasets._decoding.decode import decode, fit_split, measure
from diabolo.train.errors import OptionError

FORMS = [
    *[("png", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
    *[("jpeg", mode) for mode in ("L", "RGB", "CMYK")],
    *[("tiff", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F")],
    *[("webp", "RGB"), ("webp", "RGBA"), ("bmp", "1"), ("bmp", "L"), ("bmp", "P"), ("bmp", "RGB")],
    *[("gif", "P"), ("gif", "L"), ("ppm", "1"), ("ppm", "L"), ("ppm", "I;16"), ("ppm", "RGB")],
]
GREY = ("1", "L", "LA", "I;16", "F")
LIKELY = Fitting()


def file(image: Image.Image, form: str = "png", **options: Any) -> io.BytesIO:
    """The image as a file in memory."""
    out = io.BytesIO()
    image.save(out, form, **options)
    out.seek(0)
    return out


def stripes(width: int, height: int, *greys: int) -> Image.Image:
    """Upright stripes of one width."""
    values = np.repeat(np.array(greys, np.uint8), width // len(greys))
    return Image.fromarray(np.tile(values, (height, 1)))


@settings(max_examples=300, deadline=None)
@given(
    form=st.sampled_from(FORMS),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    size=st.none() | st.tuples(st.integers(1, 24), st.integers(1, 24)),
    fitting=st.builds(
        Fitting,
        resize=st.sampled_from(sorted(RESIZE)),
        colour=st.sampled_from([None, True, False]),
        background=st.sampled_from(["white", "grey", "#ff0000"]),
    ),
)
def test_decode(
    form: tuple[str, str], width: int, height: int, size: tuple[int, int] | None, fitting: Fitting
) -> None:
    image = sample(form[1], width, height)
    measured, grey = measure(file(image, form[0]))
    decoded = decode(file(image, form[0]), size, fitting)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.flags.c_contiguous
    assert decoded.size == measured == (height, width)
    assert decoded.pixels.shape[1:] == (size or (height, width))
    channels = len(decoded.pixels)
    if fitting.colour is not None:
        assert channels == (3 if fitting.colour else 1)
    elif grey and (fitting.background != "#ff0000" or (form[1] != "LA" and fitting.resize != "pad")):
        assert channels == 1
    else:
        assert channels in (1, 3)
    if channels == 3 and fitting.colour is None:
        assert (decoded.pixels != decoded.pixels[:1]).any()  # else it were grey
    exact = form[0] not in ("jpeg", "webp") and size in (None, (height, width))
    if exact and form[1] == "L":
        assert (decoded.pixels == np.asarray(image)).all()
    if exact and form[1] == "RGB" and fitting.colour:
        assert np.array_equal(decoded.pixels.transpose(1, 2, 0), np.asarray(image))


@pytest.mark.parametrize("form", ["png", "tiff", "bmp", "ppm"])
def test_decode_is_exact_at_the_same_size(form: str) -> None:
    image = sample("RGB", 9, 7)
    pixels = decode(file(image, form), (7, 9), LIKELY).pixels
    assert np.array_equal(pixels.transpose(1, 2, 0), np.asarray(image))


def test_a_path_is_as_good_as_bytes(tmp_path: Path) -> None:
    sample("RGB", 9, 7).save(tmp_path / "a.png")
    paths = (tmp_path / "a.png", str(tmp_path / "a.png"))
    expected = decode(file(sample("RGB", 9, 7)), None, LIKELY).pixels
    assert all(np.array_equal(decode(path, None, LIKELY).pixels, expected) for path in paths)


# Grey and colour


def test_decode_16_bits_are_scaled() -> None:
    values = np.array([[0, 257, 65535, 128 * 257]], np.uint16)
    for form in ("png", "tiff", "ppm"):
        pixels = decode(file(Image.fromarray(values), form), (1, 4), LIKELY).pixels
        assert pixels.ravel().tolist() == [0, 1, 255, 128]


def test_floats_from_0_to_1_are_scaled() -> None:
    values = np.array([[0, 1 / 255, 0.5, 1]], np.float32)
    assert decode(file(Image.fromarray(values), "tiff"), None, LIKELY).pixels.ravel().tolist() == [
        0,
        1,
        128,
        255,
    ]


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "P"])
def test_equal_channels_are_grey(mode: str) -> None:
    image = Image.new("L", (5, 5), 70).convert(mode)
    grey = decode(file(image, "tiff"), None, LIKELY).pixels
    assert grey.shape == (1, 5, 5)
    assert abs(int(grey[0, 0, 0]) - 70) <= 1
    assert decode(file(image, "tiff"), None, Fitting(colour=True)).pixels.shape == (3, 5, 5)


def test_decode_equal_channels_are_grey() -> None:
    assert decode(file(sample("L", 5, 5).convert("RGB")), (5, 5), LIKELY).pixels.shape == (1, 5, 5)


def test_grey_is_luma() -> None:
    image = Image.new("RGB", (2, 2), (255, 0, 0))
    assert decode(file(image), None, Fitting(colour=False)).pixels.tolist() == [[[76, 76]] * 2][:1]


# Transparency


@pytest.mark.parametrize(
    ("background", "colour"), [("white", (255,)), ("#ff0000", (255, 0, 0)), ("#808080", (128,))]
)
def test_what_is_transparent_shows_the_background(background: str, colour: tuple[int, ...]) -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([9, 9, 9, 0, 0, 255])
    files = [
        file(Image.new("RGBA", (4, 4), (0, 0, 255, 0))),
        file(Image.new("LA", (4, 4), (7, 0))),
        file(palette, transparency=1),
        file(palette, "gif", transparency=1),
        file(Image.new("RGB", (4, 4), (0, 0, 255)), transparency=(0, 0, 255)),
        file(Image.new("L", (4, 4), 7), transparency=7),
        file(Image.new("RGBA", (4, 4), (0, 0, 255, 0)), "webp", lossless=True),
    ]
    for each in files:
        pixels = decode(each, None, Fitting(background=background)).pixels
        assert [set(channel.ravel()) for channel in pixels] == [{value} for value in colour]


def test_half_transparent_is_a_mixture() -> None:
    image = file(Image.new("LA", (4, 4), (0, 127)))
    assert set(decode(image, (4, 4), LIKELY).pixels.ravel()) == {128}
    image = file(Image.new("RGBA", (1, 1), (0, 0, 255, 128)))
    red, green, blue = decode(image, None, Fitting(background="red")).pixels.ravel().tolist()
    assert (abs(red - 127) <= 1, green, abs(blue - 128) <= 1) == (True, 0, True)


# Fitting


def test_crop_covers() -> None:
    image = stripes(30, 10, 0, 255, 0)
    assert decode(file(image), (5, 5), LIKELY).pixels.min() > 230
    assert decode(file(image.transpose(Image.Transpose.ROTATE_90)), (5, 5), LIKELY).pixels.min() > 230


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("colour", [None, True, False])
def test_pad_keeps_proportions_and_fills_the_rest(mode: str, colour: bool | None) -> None:
    image = Image.new(mode, (40, 20), (0, 0, 255) if mode == "RGB" else 29)
    pixels = decode(file(image), (16, 16), Fitting(resize="pad", colour=colour, background="#ff0000")).pixels
    margin, inside = ([76], [29]) if colour is False else ([255, 0, 0], [0, 0, 255])
    if colour is not False and mode == "L":
        inside = [29] * 3
    for row in (0, 3, 12, 15):
        assert (pixels[:, row] == np.array(margin)[:, None]).all()
    assert (pixels[:, 4:12] == np.array(inside)[:, None, None]).all()


def test_pad_without_a_margin_leaves_grey() -> None:
    pixels = decode(file(sample("L", 8, 8)), (8, 8), Fitting(resize="pad", background="red")).pixels
    assert pixels.shape == (1, 8, 8)


def test_fit_stretches() -> None:
    image = Image.new("L", (40, 10), 128)
    for x, y, grey in ((0, 0, 0), (30, 0, 50), (0, 5, 200), (30, 5, 255)):
        image.paste(grey, (x, y, x + 10, y + 5))
    pixels = decode(file(image), (20, 20), Fitting(resize="fit")).pixels[0]
    assert [int(pixels[y, x]) for y in (0, -1) for x in (0, -1)] == [0, 50, 200, 255]
    assert pixels[0, 10] == 128


@pytest.mark.parametrize("resize", sorted(RESIZE))
@pytest.mark.parametrize("shape", [(30000, 1), (1, 30000), (1, 1)])
@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_strips(resize: str, shape: tuple[int, int], form: str) -> None:
    image = Image.new("L", shape, 10)
    pixels = decode(file(image, form), (12, 28), Fitting(resize=resize)).pixels
    assert pixels.shape == (1, 12, 28)
    assert 10 in pixels


@pytest.mark.parametrize("size", [(28, 28), (16, 64), (100, 20)])
def test_a_large_jpeg_is_decoded_coarsely_but_well(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize((1600, 1200))
    data = file(coarse, "jpeg", quality=90)
    ours = decode(data, size, LIKELY).pixels.astype(int)
    with Image.open(data) as whole:
        theirs = np.asarray(LIKELY.apply(whole.convert("RGB"), size)).transpose(2, 0, 1)
    assert np.abs(ours - theirs).max() <= 6


# Orientation


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize(
    ("value", "corner"),
    [
        *[(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (4, (-1, 0))],
        *[(5, (0, 0)), (6, (0, -1)), (7, (-1, -1)), (8, (-1, 0))],
    ],
)
def test_turned_by_exif(form: str, value: int, corner: tuple[int, int]) -> None:
    """A white patch in the stored image's first corner comes out where the tag says."""
    image = Image.new("L", (32, 16))
    image.paste(255, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = value
    shown = (32, 16) if value >= 5 else (16, 32)
    assert measure(file(image, form, exif=exif))[0] == shown
    for size in (None, shown):
        decoded = decode(file(image, form, exif=exif), size, LIKELY)
        assert decoded.size == shown
        corners = {(y, x): decoded.pixels[0, y, x] for y in (0, -1) for x in (0, -1)}
        assert [place for place, grey in corners.items() if grey > 128] == [corner]


def test_an_orientation_that_cannot_be_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 9
    assert decode(file(sample("L", 8, 4), exif=exif), None, LIKELY).size == (4, 8)


# More than one picture


@pytest.mark.parametrize("form", ["gif", "webp", "tiff", "png"])
def test_the_first_of_several_is_taken(form: str) -> None:
    frames = [Image.new("RGB", (8, 8), (grey,) * 3) for grey in (10, 250, 90)]
    options: dict[str, Any] = {"lossless": True} if form == "webp" else {}
    data = file(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert set(decode(data, None, LIKELY).pixels.ravel()) == {10}


# Arrays


def arrays(channels: int) -> Split:
    images = np.random.default_rng(0).integers(0, 256, (6, channels, 10, 20), np.uint8)
    return Split(images=images, labels=np.arange(6))


def test_fit_split_leaves_what_fits() -> None:
    split = arrays(3)
    assert fit_split(split, Fitting()) is split
    assert fit_split(split, Fitting(colour=True, image_size=(10, 20))) is split


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("colour", [None, True, False])
@pytest.mark.parametrize("resize", sorted(RESIZE))
@pytest.mark.parametrize("size", [None, (16, 12)])
def test_fit_split_is_decoding(
    channels: int, colour: bool | None, resize: str, size: tuple[int, int] | None
) -> None:
    fitting = Fitting(image_size=size, colour=colour, resize=resize, background="red")
    split = arrays(channels)
    fitted = fit_split(split, fitting)
    assert fitted.labels is split.labels
    assert fitted.images[:].flags.c_contiguous
    for before, after in zip(split.images[:], fitted.images[:], strict=True):
        image = Image.fromarray(before[0] if channels == 1 else before.transpose(1, 2, 0))
        assert np.array_equal(decode(file(image), size, fitting).pixels, after)


def test_grey_of_an_array_is_pillow_s() -> None:
    split = arrays(3)
    grey = fit_split(split, Fitting(colour=False)).images[:]
    for before, after in zip(split.images[:], grey, strict=True):
        expected = Image.fromarray(before.transpose(1, 2, 0)).convert("L")
        assert ImageChops.difference(expected, Image.fromarray(after[0])).getbbox() is None


# What is asked for


def test_fittings_that_cannot_be() -> None:
    with pytest.raises(UnknownNameError, match=r"'crob'.*'crop'"):
        Fitting(resize="crob")
    for background in ("whitish", "", "#12", "x" * 200):
        with pytest.raises(OptionError, match=r"must be a colour.*#rrggbb"):
            Fitting(background=background)
    for size in ((7, 28), (28, 257), (0, 0), (-8, 8)):
        with pytest.raises(OptionError, match="8 to 256"):
            Fitting(image_size=size)
