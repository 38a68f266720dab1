"""A photograph that is written and read again is the same, in every format."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from _images import TiledModel, photo
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from diabolo.runtime._any_size import AnySizePair
from diabolo.runtime.bundle.manifest import AnySize
from diabolo.runtime.image.photo import Photo, encode_photo, process_photo, read_photo
from diabolo.runtime.image.photo._photo import Metadata

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = ("PNG", "TIFF", "WEBP")


def same(one: Photo, other: Photo) -> None:
    assert one.pixels.dtype == other.pixels.dtype
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None and other.alpha is not None:
        np.testing.assert_array_equal(one.alpha, other.alpha)


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    bits=st.sampled_from([8, 16]),
    alpha=st.booleans(),
    format=st.sampled_from(["PNG", "TIFF"]),
    compressed=st.booleans(),
)
def test_png_and_tiff_hold_every_sample(
    height: int, width: int, channels: int, bits: int, alpha: bool, format: str, compressed: bool
) -> None:
    made = photo(height, width, channels, bits=bits, alpha=alpha, format=format, compressed=compressed)
    again = read_photo(encode_photo(made))
    assert (again.format, again.notes) == (format, ())
    if (format, bits, channels, alpha) == ("TIFF", 16, 1, True):
        made = made.replaced(np.repeat(made.pixels, 3, axis=2))  # which Pillow could not read as grey
    same(again, made)


@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_webp_stays_so(alpha: bool) -> None:
    made = photo(20, 30, alpha=alpha, format="WEBP", lossless=True)
    again = read_photo(encode_photo(made))
    assert again.lossless
    same(again, made)
    lossy = read_photo(encode_photo(photo(20, 30, alpha=alpha, format="WEBP", lossless=False)))
    assert not lossy.lossless


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    channels=st.sampled_from([1, 3]),
    takes=st.sampled_from([1, 3]),
    bits=st.sampled_from([8, 16]),
    strength=st.sampled_from([0.0, 0.3, 1.0]),
    tile=st.sampled_from([None, 7]),
)
def test_a_model_that_changes_nothing_changes_nothing(
    height: int, width: int, channels: int, takes: int, bits: int, strength: float, tile: int | None
) -> None:
    made = photo(height, width, channels, bits=bits, alpha=True)
    same(process_photo(TiledModel(takes), made, strength=strength, tile=tile), made)


def test_every_sample_value_of_16_bits_survives(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    made = Photo(pixels=np.concatenate([values, values[::-1], values[:, ::-1]], axis=2))
    same(process_photo(TiledModel(), read_photo(encode_photo(made))), made)


@pytest.mark.parametrize("format", ["JPEG", *LOSSLESS])
def test_what_belongs_to_it_is_kept_or_stripped(format: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0132] = "Maker", "2024:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    told = Metadata(
        icc=SRGB,
        dpi=(300, 150),
        exif=exif.tobytes()[6:],
        xmp=b"<x:xmpmeta>by hand</x:xmpmeta>",
        comments=(("Comment", "gr\xfc\xdfe"),),
    )
    made = photo(16, 24, format=format, metadata=told)
    again = read_photo(encode_photo(made)).metadata
    assert again.icc == SRGB
    if format != "WEBP":  # it has no resolution
        assert again.dpi == pytest.approx((300, 150), abs=0.02)
    assert again.xmp == told.xmp
    assert again.exif is not None
    seen = Image.Exif()
    seen.load(again.exif)
    assert seen[0x010F] == "Maker"
    assert seen.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
    if format in ("JPEG", "PNG"):
        assert again.comments == told.comments
    bare = read_photo(encode_photo(made, strip=True)).metadata
    assert (bare.icc, bare.exif, bare.xmp, bare.comments) == (SRGB, None, None, ())


@pytest.mark.parametrize("format", ["JPEG", *LOSSLESS])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_goes_into_the_pixels(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    exif.get_ifd(0x8769).update({0xA002: 24, 0xA003: 16})
    lying = np.zeros((16, 24, 3), np.uint8)
    lying[:8, :8], lying[8:, 16:, 1] = 255, 255
    file = io.BytesIO()
    more = {"lossless": True} if format == "WEBP" else {"subsampling": 0} if format == "JPEG" else {}
    Image.fromarray(lying).save(file, format, exif=exif, dpi=(300, 150), **more)
    read = read_photo(file.getvalue())
    turned = {
        1: lying,
        2: np.fliplr(lying),
        3: np.rot90(lying, 2),
        4: np.flipud(lying),
        5: lying.transpose(1, 0, 2),
        6: np.rot90(lying, -1),
        7: np.rot90(lying, 2).transpose(1, 0, 2),
        8: np.rot90(lying),
    }[orientation]
    np.testing.assert_allclose(read.pixels, turned, atol=3)
    again = read_photo(encode_photo(read))
    np.testing.assert_allclose(again.pixels, turned, atol=6)
    assert again.metadata.exif is not None
    seen = Image.Exif()
    seen.load(again.metadata.exif)
    assert (seen.get(0x0112, 1), seen[0x010F]) == (1, "Maker")
    if format not in ("TIFF", "WEBP"):
        assert again.metadata.dpi == pytest.approx((150, 300) if orientation > 4 else (300, 150), abs=0.1)


def test_xmp_is_upright_as_well() -> None:
    file = io.BytesIO()
    xmp = b'<rdf:Description tiff:Orientation="6" tiff:Make="x"/>'
    Image.new("RGB", (4, 2)).save(file, "WEBP", xmp=xmp)
    read = read_photo(file.getvalue())
    assert read.size == (2, 4)
    assert read.metadata.xmp == xmp.replace(b'"6"', b'"1"')
    assert read_photo(encode_photo(read)).size == (2, 4)


@pytest.mark.parametrize("quality", [60, 92, 98])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_keeps_its_settings_where_they_are_good(quality: int, subsampling: int) -> None:
    file = io.BytesIO()
    Image.fromarray(photo(64, 64).pixels).save(
        file, "JPEG", quality=quality, subsampling=subsampling, progressive=True
    )
    before = read_photo(file.getvalue())
    after = read_photo(encode_photo(before)).jpeg
    assert before.jpeg is not None
    assert after is not None
    assert (after.subsampling, after.progressive) == (subsampling, True)
    if quality >= 92:
        assert after.tables == before.jpeg.tables
    else:
        best = io.BytesIO()
        Image.new("RGB", (8, 8)).save(best, "JPEG", quality=92)
        fine = read_photo(best.getvalue()).jpeg
        assert fine is not None
        assert after.tables == fine.tables


def test_a_grey_jpeg_stays_grey() -> None:
    file = io.BytesIO()
    Image.fromarray(photo(20, 30, 1).pixels[..., 0]).save(file, "JPEG")
    done = process_photo(TiledModel(3), read_photo(file.getvalue()))
    with Image.open(io.BytesIO(encode_photo(done))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (30, 20))


def test_a_thumbnail_of_the_picture_before_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    raw = bytearray(exif.tobytes())
    file = io.BytesIO()
    end = 6 + 8 + 2 + 12  # the offset of the next directory
    raw[end : end + 4] = len(raw).to_bytes(4, "little" if raw[6:8] == b"II" else "big")
    with warnings.catch_warnings(action="ignore"):
        Image.new("RGB", (8, 8)).save(file, "JPEG", exif=bytes(raw) + bytes(20))
        read = read_photo(file.getvalue())
    assert read.metadata.exif is not None
    assert read.metadata.exif[end - 6 : end - 2] == bytes(4)


class _Identity:
    """Graphs that change nothing, in the place of those of a bundle."""

    def encode(self, batch: np.ndarray) -> np.ndarray:
        return batch

    def decode(self, latents: np.ndarray) -> np.ndarray:
        return latents

    def reconstruct(self, batch: np.ndarray) -> np.ndarray:
        assert batch.shape[2] % 8 == batch.shape[3] % 8 == 0
        return batch


@pytest.mark.parametrize(("channels", "takes"), [(3, 3), (1, 3), (3, 1)])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_tiles_of_an_autoencoder_fit_together(channels: int, takes: int, bits: int) -> None:
    manifest = SimpleNamespace(image_shape=(takes, 64, 64), latent_shape=(takes, 16, 16), value_range=None)
    size = AnySize(multiple=8, receptive_radius=5, latent_stride=4)
    pair = AnySizePair(_Identity(), manifest, size)  # type: ignore[arg-type]
    model = SimpleNamespace(manifest=manifest, reconstruct_tiles=lambda image, tile: pair.pieces(image, tile))
    for height, width in ((1, 1), (50, 77), (2, 3000)):
        made = photo(height, width, channels, bits=bits, alpha=True)
        for tile in (None, 16):
            same(process_photo(model, made, tile=tile), made)
