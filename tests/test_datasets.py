"""Every dataset found on disk keeps the contract; the glyphs and the folder in detail."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diabolo.runtime.errors import UnknownNameError
from diabolo.train import datasets
from diabolo.train.datasets import (
    DatasetBase,
    ImageData,
    LoadRequest,
    Split,
    _decode,
    find,
    glyphs,
    load,
    names,
)
from diabolo.train.errors import DataError


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIABOLO_DATA", raising=False)
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))


def labels_of(split: Split) -> np.ndarray:
    assert split.labels is not None
    return split.labels


# The contract


def test_found() -> None:
    assert {"mnist", "glyphs", "folder"} <= set(names())
    assert sum(find(name).takes_folder for name in names()) == 1


@pytest.mark.parametrize("name", names())
def test_description(name: str) -> None:
    dataset = find(name)
    assert isinstance(dataset, DatasetBase)
    assert type(dataset).__bases__ == (DatasetBase,)
    assert dataset.title
    assert dataset.summary
    assert "\n" not in dataset.summary
    if not dataset.takes_folder:
        assert dataset.licence
        assert dataset.home.startswith("http")


@pytest.mark.parametrize("name", names())
def test_loads_or_says_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With neither data nor a network, a set is there all the same or its error is one for people."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    try:
        data = find(name).load(LoadRequest())
    except DataError as error:
        assert str(error).endswith(".")  # noqa: PT017
    else:
        check(data)
    assert capsys.readouterr().out == ""


def check(data: ImageData) -> None:
    for split in (data.train, data.test):
        assert split.images.shape[1:] == data.image_shape
        assert split.images.dtype == np.uint8
        assert split.images.flags.writeable
        assert split.images.flags.c_contiguous
        assert data.image_shape[0] in (1, 3)
        if data.classes:
            assert labels_of(split).dtype == np.int64
            assert set(labels_of(split)) <= set(range(len(data.classes)))
        else:
            assert split.labels is None


def test_unknown_name_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"'mnits'.*'mnist'.*folder of images"):
        load("mnits", LoadRequest())
    # A name wins over a folder of that name; './glyphs' is the folder.
    monkeypatch.chdir(tmp_path)
    save(Path("glyphs"), 12)
    assert load("./glyphs", LoadRequest()).image_shape == (3, 8, 8)


# Glyphs


@pytest.fixture(scope="module")
def drawn() -> ImageData:
    return glyphs.Dataset().load(LoadRequest(seed=0))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_TRAIN", 400)
    monkeypatch.setattr(glyphs, "_TEST", 80)


def test_glyphs(drawn: ImageData) -> None:
    assert drawn.image_shape == (1, 28, 28)
    assert np.bincount(labels_of(drawn.train)).tolist() == [2000] * 10
    assert np.bincount(labels_of(drawn.test)).tolist() == [400] * 10
    assert len(set(labels_of(drawn.train)[:100])) == 10  # shuffled, so that a first batch shows all
    images = np.concatenate([drawn.train.images, drawn.test.images])[:, 0]
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    assert max(edge.max() for edge in edges) < 64  # no letter is cut off
    assert images.max(axis=(1, 2)).min() > 200  # none is faint
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


def test_glyphs_fonts_are_split() -> None:
    assert not set(glyphs._TRAIN_FONTS) & set(glyphs._TEST_FONTS)
    assert len({*glyphs._TRAIN_FONTS, *glyphs._TEST_FONTS}) == 23


# Mean grey of 7 x 7 blocks, row by row, of each class's mean training image for seed 0. Versions of FreeType
# differ by far less than the tolerance; another letter, size or place differs by more.
MEANS = [
    (0, 13, 32, 1, 0, 60, 117, 6, 11, 96, 131, 20, 14, 29, 40, 15),
    (5, 57, 54, 9, 9, 127, 112, 30, 15, 119, 106, 30, 12, 66, 50, 4),
    (1, 33, 53, 10, 24, 96, 27, 15, 36, 89, 23, 5, 3, 45, 39, 2),
    (8, 56, 45, 4, 18, 106, 79, 51, 25, 103, 85, 38, 14, 61, 36, 1),
    (4, 56, 55, 12, 7, 129, 65, 11, 14, 122, 49, 8, 11, 65, 49, 6),
    (3, 55, 54, 12, 5, 128, 66, 11, 11, 118, 33, 0, 10, 48, 4, 0),
    (1, 36, 51, 10, 33, 89, 42, 17, 44, 84, 99, 25, 4, 46, 46, 4),
    (8, 37, 33, 13, 18, 116, 109, 27, 27, 101, 111, 17, 12, 32, 36, 7),
    (0, 32, 49, 3, 0, 55, 76, 1, 1, 74, 57, 0, 3, 48, 32, 0),
    (0, 13, 49, 4, 0, 16, 95, 2, 5, 43, 82, 0, 4, 44, 20, 0),
]


def test_glyphs_golden(drawn: ImageData) -> None:
    for label, expected in enumerate(MEANS):
        mean = drawn.train.images[labels_of(drawn.train) == label, 0].mean(axis=0)
        np.testing.assert_allclose(mean.reshape(4, 7, 4, 7).mean(axis=(1, 3)).ravel(), expected, atol=3)


def test_glyphs_by_seed(few: None) -> None:
    def images(seed: int) -> bytes:
        data = load("glyphs", LoadRequest(seed=seed))
        return data.train.images.tobytes() + data.test.images.tobytes()

    first, other, again = images(1), images(2), images(1)
    assert first == again
    assert first != other


@pytest.mark.parametrize("size", [(32, 32), (16, 40), (12, 12), (128, 64)])
def test_glyphs_size(few: None, size: tuple[int, int]) -> None:
    data = load("glyphs", LoadRequest(image_size=size))
    assert data.image_shape == (1, *size)
    assert data.train.images.max(axis=(1, 2, 3)).min() > 150


def test_glyphs_size_out_of_range() -> None:
    with pytest.raises(DataError, match=r"8 x 28 pixels.*12 to 128"):
        load("glyphs", LoadRequest(image_size=(8, 28)))


def test_glyphs_font_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_fonts", lambda: (tmp_path, "3.9.0"))
    with pytest.raises(DataError, match=r"DejaVuSans\.ttf.*matplotlib 3\.9\.0.*pip install"):
        load("glyphs", LoadRequest())


# Decoding


def sample(mode: str, width: int, height: int, seed: int = 0) -> Image.Image:
    """Random pixels in a mode of Pillow's."""
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (height, width)).astype(np.uint16))
    if mode == "F":
        return Image.fromarray(rng.random((height, width), np.float32))
    rgba = Image.fromarray(rng.integers(0, 256, (height, width, 4)).astype(np.uint8))
    return rgba.convert("RGB").convert(mode) if mode == "CMYK" else rgba.convert(mode)


FORMS = [
    *[("png", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
    *[("jpg", mode) for mode in ("L", "RGB", "CMYK")],
    *[("tif", mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16", "F")],
    *[("webp", "RGB"), ("webp", "RGBA"), ("bmp", "L"), ("bmp", "RGB"), ("gif", "P"), ("gif", "L")],
    *[("pgm", "L"), ("pgm", "I;16"), ("ppm", "RGB")],
]
GREY = ("1", "L", "LA", "I;16", "F")


@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(FORMS),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
)
def test_decode(
    form: tuple[str, str],
    width: int,
    height: int,
    size: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    extension, mode = form
    path = tmp_path_factory.getbasetemp() / f"decode.{extension}"
    sample(mode, width, height).save(path)
    assert _decode.probe(path) == (height, width)
    pixels = _decode.decode(path, size)
    assert pixels.dtype == np.uint8
    assert pixels.shape[1:] == size
    assert len(pixels) == 1 if mode in GREY else len(pixels) in (1, 3)


@pytest.mark.parametrize("extension", ["png", "tif", "bmp", "ppm"])
def test_decode_is_exact_at_the_same_size(tmp_path: Path, extension: str) -> None:
    image = sample("RGB", 9, 7)
    image.save(tmp_path / f"a.{extension}")
    pixels = _decode.decode(tmp_path / f"a.{extension}", (7, 9))
    assert np.array_equal(pixels.transpose(1, 2, 0), np.asarray(image))


def test_decode_16_bits_are_scaled(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535, 128 * 257]], np.uint16)
    for extension in ("png", "tif", "pgm"):
        Image.fromarray(values).save(tmp_path / f"a.{extension}")
        assert _decode.decode(tmp_path / f"a.{extension}", (1, 4)).ravel().tolist() == [0, 1, 255, 128]


def test_decode_floats_beyond_1_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 2]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="values outside 0 to 1"):
        _decode.decode(tmp_path / "a.tif", (1, 2))


def test_decode_lays_transparency_on_white(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(path)
    assert _decode.decode(path, (4, 4)).tolist() == [[[255] * 4] * 4]
    Image.new("LA", (4, 4), (0, 127)).save(path)
    assert set(_decode.decode(path, (4, 4)).ravel()) == {128}
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 0, 0, 255])
    palette.save(path, transparency=1)
    assert set(_decode.decode(path, (4, 4)).ravel()) == {255}


def test_decode_equal_channels_are_grey(tmp_path: Path) -> None:
    sample("L", 5, 5).convert("RGB").save(tmp_path / "a.png")
    assert _decode.decode(tmp_path / "a.png", (5, 5)).shape == (1, 5, 5)


def test_decode_turns_by_exif(tmp_path: Path) -> None:
    image = Image.new("L", (16, 8))
    image.paste(255, (0, 0, 8, 8))  # the left half white
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise: left becomes top
    image.save(tmp_path / "a.jpg", exif=exif)
    assert _decode.probe(tmp_path / "a.jpg") == (16, 8)
    pixels = _decode.decode(tmp_path / "a.jpg", (16, 8))[0]
    assert pixels[:6].min() > 200
    assert pixels[10:].max() < 55


def test_decode_covers_and_crops(tmp_path: Path) -> None:
    image = Image.new("L", (30, 10))
    image.paste(255, (10, 0, 20, 10))  # the middle third white
    image.save(tmp_path / "a.png")
    assert _decode.decode(tmp_path / "a.png", (5, 5)).min() > 230


def test_decode_refuses_bombs(tmp_path: Path) -> None:
    path = tmp_path / "a.pgm"
    for side in (10_001, 20_000):  # beyond our limit; beyond Pillow's own
        path.write_bytes(b"P5 %d %d 255\n" % (side, side))
        with pytest.raises(DataError, match="pixels"):
            _decode.probe(path)


# The folder


def save(folder: Path, count: int, mode: str = "RGB", size: tuple[int, int] = (8, 8), start: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + count):
        sample(mode, size[1], size[0], seed=i).save(folder / f"{i:03}.png")
    return folder


def folder(path: Path, **options: Any) -> ImageData:
    data = load(str(path), LoadRequest(**options))
    check(data)
    return data


def test_folder_flat(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    data = folder(save(tmp_path / "photos", 24), progress=lambda *step: told.append(step))
    assert data.name == "photos"
    assert data.image_shape == (3, 8, 8)
    assert (len(data.train), len(data.test)) == (20, 4)
    assert data.classes == ()
    assert data.notes == ()
    assert ("decoding", 24, 24) in told


def test_folder_classes(tmp_path: Path) -> None:
    save(tmp_path / "b", 7, "L")
    save(tmp_path / "a" / "deeper", 5, "L", start=50)
    save(tmp_path / ".hidden", 3)
    (tmp_path / "empty").mkdir()
    data = folder(tmp_path)
    assert data.classes == ("a", "b")
    assert data.image_shape == (1, 8, 8)
    both = np.concatenate([labels_of(data.train), labels_of(data.test)])
    assert np.bincount(both).tolist() == [5, 7]
    images = np.concatenate([data.train.images, data.test.images])
    sevens = {image.tobytes() for image in images[both == 1]}
    assert sevens == {np.asarray(sample("L", 8, 8, seed=i)).tobytes() for i in range(7)}


def test_folder_flat_and_classes(tmp_path: Path) -> None:
    save(tmp_path, 2)
    save(tmp_path / "a", 10)
    data = folder(tmp_path)
    assert data.classes == ()
    assert "2 images lie beside the sub-folders" in data.notes[0]


def test_folder_with_its_own_split(tmp_path: Path) -> None:
    save(tmp_path / "train" / "x", 6)
    save(tmp_path / "train" / "y", 6)
    save(tmp_path / "test" / "y", 3)
    save(tmp_path / "more", 2)
    data = folder(tmp_path)
    assert (len(data.train), len(data.test)) == (12, 3)
    assert data.classes == ("x", "y")
    assert labels_of(data.test).tolist() == [1, 1, 1]
    assert data.notes == ("2 images beside the folders train and test are left aside",)


def test_folder_grey_among_colour(tmp_path: Path) -> None:
    save(tmp_path, 9, "L")
    assert folder(save(tmp_path, 1, "L", start=9)).image_shape[0] == 1
    assert folder(save(tmp_path, 1, "RGB", start=10)).image_shape[0] == 3


def test_folder_size(tmp_path: Path) -> None:
    save(tmp_path, 8, size=(10, 20))
    save(tmp_path, 4, size=(30, 30), start=20)
    data = folder(tmp_path)
    assert data.image_shape == (3, 10, 20)
    assert data.notes == (
        "4 of 12 images are scaled and cropped to 10 x 20 pixels (height x width; the commonest is 10 x 20)",
    )
    asked = folder(tmp_path, image_size=(16, 12))
    assert asked.image_shape == (3, 16, 12)
    assert "12 of 12 images" in asked.notes[0]


def test_folder_large_images_come_down_to_64(tmp_path: Path) -> None:
    data = folder(save(tmp_path, 10, size=(100, 200)))
    assert data.image_shape == (3, 32, 64)
    assert "the commonest is 100 x 200" in data.notes[0]


def test_folder_by_seed(tmp_path: Path) -> None:
    save(tmp_path, 24)
    first, again, other = (folder(tmp_path, seed=seed) for seed in (1, 1, 2))
    assert first.test.images.tobytes() == again.test.images.tobytes()
    assert first.test.images.tobytes() != other.test.images.tobytes()
    assert first.provenance == again.provenance
    assert first.provenance["sha256"] == other.provenance["sha256"]


def test_folder_broken_files_are_named_and_skipped(tmp_path: Path) -> None:
    save(tmp_path, 12)
    png = (tmp_path / "000.png").read_bytes()
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.JPG").write_bytes(b"hello")
    (tmp_path / "c.png").write_bytes(png[: len(png) // 2])
    (tmp_path / "d.pgm").write_bytes(b"P5 20000 20000 255\n")
    (tmp_path / "e.png").symlink_to("nowhere")
    (tmp_path / "f.webp").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    os.mkfifo(tmp_path / "g.png")
    (tmp_path / ".h.png").write_bytes(b"not seen")
    (tmp_path / "notes.txt").write_bytes(b"not seen either")
    data = folder(tmp_path)
    assert len(data.train) + len(data.test) == 12
    (note,) = data.notes
    assert note.startswith("7 of 19 files cannot be read and are left out: a.png (not an image), b.JPG (")
    assert "e.png (not a file) and 2 more" in note


def test_folder_permission_denied_counts_as_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, 11)
    really = Image.open

    def deny(path: Path, **options: Any) -> Image.Image:
        if path.name == "003.png":
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, **options)

    monkeypatch.setattr(Image, "open", deny)
    assert "003.png (permission denied)" in folder(tmp_path).notes[0]


def test_folder_links(tmp_path: Path) -> None:
    """A class may be a link; one that leads back up is not walked."""
    save(tmp_path / "elsewhere", 6)
    root = tmp_path / "root"
    save(root / "a", 6)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    (root / "a" / "loop").symlink_to(root / "a")
    data = folder(root)
    assert data.classes == ("a", "b")
    assert len(data.train) + len(data.test) == 12


def test_folder_file_name_that_is_not_text(tmp_path: Path) -> None:
    save(tmp_path, 10)
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system wants text")
    folder(tmp_path).notes[0].encode()


def test_folder_errors(tmp_path: Path) -> None:
    dataset = datasets.find("folder")
    with pytest.raises(DataError, match=r"--dataset \./photos"):
        dataset.load(LoadRequest())
    with pytest.raises(DataError, match=r"no folder at .*gone"):
        dataset.load(LoadRequest(folder=tmp_path / "gone"))
    (tmp_path / "a.txt").write_text("no image")
    with pytest.raises(DataError, match=r"no images.*png, jpg.*Give a folder"):
        load(str(tmp_path), LoadRequest())
    for i in range(8):
        (tmp_path / f"{i}.png").write_text("broken")
    with pytest.raises(DataError, match=r"holds 0 images .*at least 10.*0\.png .*and 3 more"):
        load(str(tmp_path), LoadRequest())
    save(tmp_path / "few", 9)
    with pytest.raises(DataError, match=r"holds 9 images .*at least 10 are needed\. Add images"):
        load(str(tmp_path / "few"), LoadRequest())
