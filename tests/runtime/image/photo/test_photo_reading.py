"""What is read: any mode, 16 bits however they are stored, and nothing that is too large or damaged."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from _images import TiledModel, photo, sample
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image.photo import Photo, encode_photo, process_photo, read_photo, write_photo
from diabolo.runtime.image.photo._exif import upright


def saved(picture: Image.Image, format: str, **more: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **more)
    return file.getvalue()


def png(samples: NDArray[np.uint16], *, filter: int, interlaced: bool, extra: bytes = b"") -> bytes:
    """A 16-bit PNG file by a writer of its own, simple and slow."""
    height, width, channels = samples.shape
    step = 2 * channels

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def rows(part: NDArray[np.uint16]) -> bytes:
        out, above = b"", bytes(part.shape[1] * step)
        for line in part.astype(">u2"):
            row = line.tobytes()
            out += bytes([filter])
            for i, value in enumerate(row):
                a, b = (row[i - step] if i >= step else 0), above[i]
                c = above[i - step] if i >= step else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                out += bytes([(value - (0, a, b, (a + b) // 2, paeth)[filter]) % 256])
            above = row
        return out

    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes] if interlaced else [samples]
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, interlaced)
    body = b"".join(rows(part) for part in parts if part.size)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(body))
    ) + chunk(b"IEND", b"")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("filter", range(5))
def test_16_bit_png(channels: int, interlaced: bool, filter: int) -> None:
    samples = np.random.default_rng(1).integers(0, 65536, (11, 13, channels)).astype(np.uint16)
    read = read_photo(png(samples, filter=filter, interlaced=interlaced))
    np.testing.assert_array_equal(read.pixels, samples[..., : 1 if channels < 3 else 3])
    assert (read.alpha is not None) == (channels in (2, 4))
    if read.alpha is not None:
        np.testing.assert_array_equal(read.alpha, samples[..., -1])


@pytest.mark.parametrize("channels", [1, 3])
def test_one_colour_of_a_16_bit_png_is_transparent(channels: int) -> None:
    samples = np.random.default_rng(1).integers(0, 65536, (5, 4, channels)).astype(np.uint16)
    body = samples[2, 1].astype(">u2").tobytes()
    key = struct.pack(">I", len(body)) + b"tRNS" + body + struct.pack(">I", zlib.crc32(b"tRNS" + body))
    read = read_photo(png(samples, filter=0, interlaced=False, extra=key))
    np.testing.assert_array_equal(read.pixels, samples)
    assert read.alpha is not None
    assert np.argwhere(read.alpha == 0).tolist() == [[2, 1]]
    assert set(np.unique(read.alpha)) == {0, 65535}


@pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_another_decoder_reads_our_16_bit_png(channels: int) -> None:
    """An oracle that is not ours: libpng, by torchvision."""
    torch = pytest.importorskip("torch")
    made = photo(33, 21, 1 if channels == 1 else 3, bits=16, alpha=channels == 4)
    from torchvision.io import ImageReadMode, decode_image

    file = torch.from_numpy(np.frombuffer(encode_photo(made), np.uint8).copy())
    seen = decode_image(file, ImageReadMode.UNCHANGED).numpy().transpose(1, 2, 0)
    np.testing.assert_array_equal(seen[..., :3], made.pixels)
    if made.alpha is not None:
        np.testing.assert_array_equal(seen[..., 3], made.alpha)


def tiff(samples: NDArray[np.uint16], order: str, *, extra: int | None, white_is_zero: bool = False) -> bytes:
    """An uncompressed TIFF file of 16 bits."""
    height, width, channels = samples.shape
    body = samples.astype(f"{order}u2").tobytes()
    bits, place = 8, 8 + 8
    colour = 2 if channels > 2 else 0 if white_is_zero else 1
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, bits if channels > 2 else 16),
        (259, 3, 1, 1),
        (262, 3, 1, colour),
        (273, 4, 1, place),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, 1, len(body)),
        *([(338, 3, 1, extra)] if extra is not None else []),
    ]
    out = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, place + len(body))
    out += struct.pack(f"{order}4H", 16, 16, 16, 16) + body + struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        inline = kind == 3 and count == 1
        out += struct.pack(f"{order}HHI" + ("HH" if inline else "I"), tag, kind, count, value, *[0] * inline)
    return out + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("channels", "extra"), [(1, None), (3, None), (4, 2)])
def test_16_bit_tiff(order: str, channels: int, extra: int | None) -> None:
    samples = np.random.default_rng(2).integers(0, 65536, (7, 9, channels)).astype(np.uint16)
    read = read_photo(tiff(samples, order, extra=extra))
    np.testing.assert_array_equal(read.pixels, samples[..., :3])
    if channels == 4:
        np.testing.assert_array_equal(read.alpha, samples[..., 3])


def test_white_may_be_zero() -> None:
    samples = np.random.default_rng(2).integers(0, 65536, (7, 9, 1)).astype(np.uint16)
    read = read_photo(tiff(samples, "<", extra=None, white_is_zero=True))
    np.testing.assert_array_equal(read.pixels, 65535 - samples)


def test_premultiplied_colours_are_divided() -> None:
    alpha = np.array([[0, 20000, 65535]], np.uint16)
    colours = np.array([[[7, 8, 9], [50000, 1000, 0], [1, 2, 3]]], np.uint16)
    times = np.rint(colours * (alpha[..., None] / 65535)).astype(np.uint16)
    read = read_photo(tiff(np.concatenate([times, alpha[..., None]], axis=2), "<", extra=1))
    np.testing.assert_allclose(read.pixels[:, 1:], colours[:, 1:], atol=3)
    np.testing.assert_array_equal(read.alpha, alpha)


MODES = {
    # mode, format: channels, alpha, dtype
    ("1", "PNG"): (1, False, np.uint8),
    ("L", "BMP"): (1, False, np.uint8),
    ("LA", "PNG"): (1, True, np.uint8),
    ("P", "GIF"): (3, False, np.uint8),
    ("RGB", "PPM"): (3, False, np.uint8),
    ("RGBA", "WEBP"): (3, True, np.uint8),
    ("CMYK", "JPEG"): (3, False, np.uint8),
    ("CMYK", "TIFF"): (3, False, np.uint8),
    ("LAB", "TIFF"): (3, False, np.uint8),
    ("I;16", "PNG"): (1, False, np.uint16),
    ("I;16", "TIFF"): (1, False, np.uint16),
    ("F", "TIFF"): (1, False, np.uint16),
}


@pytest.mark.parametrize(("mode", "format"), MODES)
def test_any_mode_is_read(mode: str, format: str) -> None:
    channels, alpha, dtype = MODES[mode, format]
    picture = sample("RGB", 12, 9).convert(mode) if mode == "LAB" else sample(mode, 12, 9)
    read = read_photo(saved(picture, format))
    assert read.pixels.shape == (9, 12, channels)
    assert read.pixels.dtype == dtype
    assert (read.alpha is not None) == alpha
    kept = format in ("PNG", "JPEG", "TIFF", "WEBP")
    assert read.format == (format if kept else "PNG")
    assert (f"{format} is written as PNG" in read.notes) != kept
    if mode in ("L", "RGB"):
        np.testing.assert_array_equal(read.pixels, np.asarray(picture).reshape(9, 12, -1))


def test_transparent_palettes_and_colours_have_alpha() -> None:
    palette = sample("RGB", 6, 5).quantize(8)
    for picture in (palette, sample("L", 6, 5), sample("RGB", 6, 5)):
        key = 3 if picture.mode == "P" else picture.getpixel((2, 1))
        read = read_photo(saved(picture, "PNG", transparency=key))
        assert read.alpha is not None
        assert (read.alpha == 0).any()
        assert (read.pixels.shape[2] == 1) == (picture.mode == "L")


def test_only_the_first_picture_of_several() -> None:
    frames = [sample("RGB", 6, 5, seed=seed) for seed in range(2)]
    read = read_photo(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    assert "only the first picture of the file is processed" in read.notes
    assert read.lossless
    np.testing.assert_array_equal(read.pixels, np.asarray(frames[0]))


def test_values_that_are_no_pixels_are_refused() -> None:
    for values in (np.array([[0.0, 2.0]], np.float32), np.array([[0.0, np.nan]], np.float32)):
        with pytest.raises(ImageError, match="values outside 0 to 1"):
            read_photo(saved(Image.fromarray(values), "TIFF"))
    with pytest.raises(ImageError, match="outside 0 to 65535"):
        read_photo(saved(Image.fromarray(np.array([[70_000]], np.int32)), "TIFF"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_broken_file_is_an_image_error(format: str) -> None:
    raw = saved(sample("RGB", 40, 30), format)
    for cut in (0, 4, 20, len(raw) // 2):
        with pytest.raises(ImageError, match="cannot be read"):
            read_photo(raw[:cut])


def test_broken_metadata_is_left_out_and_the_pixels_are_read() -> None:
    read = read_photo(saved(sample("RGB", 8, 8), "PNG", exif=b"Exif\0\0no such thing"))
    assert read.metadata.exif is None
    assert read.size == (8, 8)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_too_many_pixels_are_refused_by_the_header(format: str, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(saved(Image.new("RGB", (30, 20)), format))
    with pytest.raises(ImageError, match=r"600 pixels, more than 599; --max-pixels 600 raises"):
        read_photo(path, max_pixels=599)
    assert read_photo(path, max_pixels=600).size == (30, 20)


def test_a_bomb_is_refused_before_its_pixels_are_made() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head
    bomb += struct.pack(">I", zlib.crc32(b"IHDR" + head))
    body = zlib.compress(b"")
    bomb += struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    with pytest.raises(ImageError, match="3,600,000,000 pixels, more than 200,000,000"):
        read_photo(bomb)


def test_pillows_own_limit_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {kind: saved(Image.new("RGB", (30, 20), "red"), kind) for kind in ("PNG", "TIFF", "JPEG")}
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for raw in (*made.values(), encode_photo(photo(30, 20, bits=16, format="TIFF"))):
        assert read_photo(raw).pixels.size == 1800
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("size", [(1, 1), (2, 30_000), (30_000, 2)])
def test_odd_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    for format in ("JPEG", "PNG", "TIFF"):
        made = photo(*size, format=format)
        write_photo(process_photo(TiledModel(), made), tmp_path / "odd")
        assert read_photo(tmp_path / "odd").size == size[::-1]
    with pytest.raises(ImageError, match="cannot be written as JPEG"):
        encode_photo(photo(70_000, 1, format="JPEG"))


def test_other_formats_on_request() -> None:
    deep = photo(5, 6, bits=16)
    shallow = deep.in_format("JPEG")
    assert shallow.pixels.dtype == np.uint8
    np.testing.assert_array_equal(shallow.pixels, np.rint(deep.pixels / 257))
    assert shallow.notes == ("16 bits a channel are reduced to 8 in a JPEG",)
    assert deep.in_format("TIFF").pixels is deep.pixels
    with pytest.raises(ImageError, match="transparent"):
        photo(5, 6, alpha=True).in_format("JPEG")


def test_processing() -> None:
    made, told = photo(30, 40), []
    half = process_photo(
        TiledModel(3, lambda x: 1 - x), made, strength=0.25, tile=16, progress=lambda *p: told.append(p)
    )
    np.testing.assert_allclose(half.pixels, 0.75 * made.pixels + 0.25 * (255.0 - made.pixels), atol=0.51)
    assert told[-1] == (1200, 1200)
    assert len(told) == 6
    grey = process_photo(
        TiledModel(3, lambda x: x * np.array([0, 0.5, 1], np.float32)[:, None, None]), photo(9, 9, 1)
    )
    np.testing.assert_allclose(grey.pixels, photo(9, 9, 1).pixels / 2, atol=0.51)
    model = TiledModel(1)
    assert process_photo(model, made).notes == (
        "the model takes grey pictures: red, green and blue are processed one by one",
    )
    assert model.seen == [(1, 30, 40)] * 3
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match="strength"):
            process_photo(model, made, strength=wrong)
    with pytest.raises(ImageError, match="2 channels"):
        process_photo(TiledModel(2), made)
    with pytest.raises(ImageError, match="cannot replace"):
        made.replaced(made.pixels[:3])


def test_a_stopped_photograph_is_stopped() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process_photo(TiledModel(), photo(30, 40), progress=stop)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    monkeypatch.setattr(Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_photo(photo(4, 4), path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"before"


def test_a_photo_is_one_class() -> None:
    assert Photo(pixels=np.zeros((2, 3, 1), np.uint16)).peak == 65535


@given(
    start=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II*\0", b""]),
    rest=st.binary(max_size=80),
)
def test_any_bytes_in_the_place_of_exif_are_survived(start: bytes, rest: bytes) -> None:
    found = upright(start + rest, turned=True)
    assert found is None or len(found) == len(start + rest)
