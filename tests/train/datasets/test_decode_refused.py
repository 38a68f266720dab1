"""Image files that are broken, hostile, or none at all."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from _images import sample
from PIL import Image, ImageFile

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.convert import open_image, prepare
from diabolo.train.datasets import Fitting
from diabolo.train.datasets._decoding.decode import PassingError, decode, measure
from diabolo.train.errors import DataError

FORMS = ["png", "jpeg", "webp", "bmp", "tiff", "gif", "ppm"]
LIKELY = Fitting()


def content(form: str, mode: str = "RGB", side: int = 24) -> bytes:
    out = io.BytesIO()
    sample(mode, side, side).save(out, form)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """A header that promises much."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"")
    chunks = (
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, body, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)
    )


def gif(width: int, height: int) -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0, 0, 0)
        + b","
        + struct.pack("<HHHHBB", 0, 0, 1, 1, 0, 8)
    )


def tiff(width: int, height: int) -> bytes:
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, 1),
    ]
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(tags))
        + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        + bytes(4)
    )


def pgm(width: int, height: int) -> bytes:
    return b"P5 %d %d 255\n" % (width, height)


@pytest.mark.parametrize("make", [png, bmp, tiff, pgm, gif])
@pytest.mark.parametrize("side", [10_001, 20_000, 60_000])  # beyond our limit; beyond Pillow's own
def test_bombs_are_refused_by_their_header(tmp_path: Path, make: object, side: int) -> None:
    assert callable(make)
    (tmp_path / "a").write_bytes(make(side, side))
    for look in (measure, lambda data: decode(data, (8, 8), LIKELY)):
        with pytest.raises(
            DataError, match=r"^it has [\d,]+ million pixels, more than 100 million; .*=\d+ raises the limit$"
        ):
            look(tmp_path / "a")
    for see in (open_image, lambda path: prepare(path, (1, 8, 8))):
        with pytest.raises(ImageError, match=r"/a cannot be read .*: it has .* more than 100 million;"):
            see(tmp_path / "a")


def test_just_below_the_limit_is_no_cause_for_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bmp(10_000, 9_999))
    with pytest.raises(ImageError, match="truncated"):
        open_image(tmp_path / "a")
    assert measure(tmp_path / "a")[0] == (9_999, 10_000)


@pytest.mark.parametrize("make", [png, bmp, tiff, pgm, gif])
@pytest.mark.parametrize("shape", [(0, 0), (0, 8), (8, 0)])
def test_no_pixels_are_refused(make: object, shape: tuple[int, int]) -> None:
    assert callable(make)
    with pytest.raises(DataError):
        decode(io.BytesIO(make(*shape)), (8, 8), LIKELY)


@pytest.mark.parametrize("form", FORMS)
def test_what_ends_early_is_refused(form: str) -> None:
    whole = content(form)
    decode(io.BytesIO(whole), (8, 8), LIKELY)
    for part in (0, 1, 8, len(whole) // 4, len(whole) // 2, len(whole) * 3 // 4):
        with pytest.raises(DataError) as caught:
            decode(io.BytesIO(whole[:part]), (8, 8), LIKELY)
        assert str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_changed_bytes_are_an_image_or_refused(form: str) -> None:
    whole = content(form, side=9)
    for place in range(0, min(len(whole), 300), 3):
        changed = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            decoded = decode(io.BytesIO(changed), (8, 8), LIKELY)
        except DataError as error:
            assert str(error)  # noqa: PT017
        else:
            assert decoded.pixels.shape[1:] == (8, 8)


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content("jpeg"))
    assert decode(tmp_path / "a.png", (8, 8), LIKELY).pixels.shape == (3, 8, 8)


@pytest.mark.parametrize(
    "text",
    [
        b"hello",
        b"\0" * 100,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
        b"%PDF-1.4\n",
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(text)
    for look in (measure, lambda path: decode(path, (8, 8), LIKELY)):
        with pytest.raises(DataError, match=r"^not an image$"):
            look(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match=r"cannot be read as a picture\. Give a PNG, JPEG"):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("form", ["eps", "sgi", "im", "pdf"])
def test_forms_that_are_not_ours_are_refused(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.png").write_bytes(content(form))
    with pytest.raises(DataError, match="not an image"):
        decode(tmp_path / "a.png", (8, 8), LIKELY)
    with pytest.raises(ImageError, match="cannot be read as a picture"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0, "outside 0 to 1"),
        (-1.0, "outside 0 to 1"),
        (float("nan"), "not numbers"),
        (float("inf"), "not numbers"),
    ],
)
def test_floats_beyond_1_are_refused(tmp_path: Path, value: float, words: str) -> None:
    image = Image.new("F", (2, 2), value)
    image.save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=words):
        decode(tmp_path / "a.tif", (1, 2), LIKELY)
    for source in (image, tmp_path / "a.tif"):
        with pytest.raises(ImageError, match=words):
            prepare(source, (1, 8, 8))


def test_the_system_s_reason_is_given(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^no such file or directory$"):
        measure(tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"^it is a folder$"):
        decode(tmp_path, None, LIKELY)


def test_a_lack_of_memory_is_the_file_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(image: object) -> None:
        raise MemoryError

    whole = content("ppm")
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(PassingError, match="memory"):
        decode(io.BytesIO(whole), None, LIKELY)
    monkeypatch.undo()
    monkeypatch.setattr(Fitting, "apply", lambda *_: fail(None))
    with pytest.raises(PassingError, match="memory"):
        decode(io.BytesIO(whole), None, LIKELY)
