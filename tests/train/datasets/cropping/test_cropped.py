"""Folders of pictures that keep their own size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _images import labels_of, sample, save
from PIL import Image

from diabolo.train.datasets import Crops, Fitting, ImageData, LoadRequest, Pictures, load
from diabolo.train.datasets._cropping import crops as crops_module
from diabolo.train.datasets._cropping import own_size
from diabolo.train.datasets._decoding import worker
from diabolo.train.errors import DataError, OptionError

CROP = Fitting(crop=16)
SIZES = [(16, 16), (40, 20), (17, 33), (64, 48), (20, 100), (31, 16), (50, 50)]


def mixed(folder: Path, mode: str = "RGB", sizes: list[tuple[int, int]] = SIZES, ending: str = "png") -> Path:
    """Pictures of several sizes, (height, width), called 0.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (height, width) in enumerate(sizes):
        sample(mode, width, height, seed=number).save(folder / f"{number}.{ending}")
    return folder


def cropped(path: Path, fitting: Fitting = CROP, **options: Any) -> ImageData:
    data = load(str(path), LoadRequest(fitting=fitting, **options))
    for split in (data.train, data.test, data.validation):
        assert split is None or isinstance(split.images, Crops)
    return data


def crops_of(data: ImageData) -> list[Crops]:
    splits = (data.train, data.validation, data.test)
    return [split.images for split in splits if split is not None and isinstance(split.images, Crops)]


def pictures_of(data: ImageData) -> list[np.ndarray]:
    """All pictures, whole, as `(height, width, channels)`."""
    return [picture.transpose(1, 2, 0) for some in crops_of(data) for _, picture in some.whole(10**6)]


def test_pictures_as_they_are(tmp_path: Path) -> None:
    data = cropped(mixed(tmp_path / "mixed"))
    assert data.image_shape == (3, 16, 16)
    assert data.name == "mixed"
    assert data.notes == data.skipped == data.classes == ()
    expected = {
        np.asarray(sample("RGB", width, height, n)).tobytes() for n, (height, width) in enumerate(SIZES)
    }
    found = pictures_of(data)
    assert len(found) == len(SIZES)
    assert {picture.tobytes() for picture in found} == expected


@pytest.mark.usefixtures("decoders")
def test_decoded_by_processes_and_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nfrom PIL import Image\nreal = Image.open\n"
        "Image.open = lambda path, *a, **k: os.abort() if 'crash' in str(path) else real(path, *a, **k)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DIABOLO_MEMORY", "0")
    root = mixed(tmp_path / "mixed")
    (root / "crash.png").write_bytes((root / "1.png").read_bytes())
    data = cropped(root)
    assert data.skipped == (("crash.png", "the decoder crashed on it"),)
    assert len(pictures_of(data)) == len(SIZES)
    (crops, *_) = crops_of(data)
    assert isinstance(crops._pictures.pixels.base, np.memmap)
    assert all(crops._maps)
    monkeypatch.delenv("DIABOLO_MEMORY")
    in_memory, *_ = crops_of(cropped(root))
    monkeypatch.setattr(crops_module, "_PIECE", 300_000)  # some crops at a time
    assert np.array_equal(crops.drawn(3, 1)[:], in_memory.drawn(3, 1)[:])
    assert len(crops[:0]) == 0


def test_decoded_once_for_all_crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = mixed(tmp_path / "mixed", sizes=[(32, 32)] * 4)
    first = cropped(root)
    monkeypatch.delattr(own_size, "work")
    again, larger = cropped(root), cropped(root, Fitting(crop=32), seed=5)
    assert again.provenance == first.provenance
    assert larger.image_shape == (3, 32, 32)
    sample("RGB", 32, 32, seed=99).save(root / "1.png")
    with pytest.raises((AttributeError, NameError)):
        cropped(root)


def test_upright_by_exif(tmp_path: Path) -> None:
    root = mixed(tmp_path / "mixed", sizes=[(30, 50)] * 3, ending="jpg")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    for path in root.iterdir():
        with Image.open(path) as picture:
            picture.save(path, exif=exif)
    data = cropped(root)
    assert [picture.shape for picture in pictures_of(data)] == [(50, 30, 3)] * 3
    assert not data.skipped


@pytest.mark.parametrize(
    ("mode", "colour", "channels"),
    [
        ("L", None, 1),
        ("L", True, 3),
        ("RGB", None, 3),
        ("RGB", False, 1),
        ("LA", None, 1),
        ("I;16", None, 1),
    ],
)
def test_colours(tmp_path: Path, mode: str, colour: bool | None, channels: int) -> None:
    fitting = replace(CROP, colour=colour, background="#808080")
    data = cropped(mixed(tmp_path / "mixed", mode), fitting)
    assert data.image_shape == (channels, 16, 16)
    assert len(pictures_of(data)) == len(SIZES)


def test_grey_in_rgb_files_is_grey(tmp_path: Path) -> None:
    root = mixed(tmp_path / "mixed", "L")
    for path in root.iterdir():
        with Image.open(path) as picture:
            picture.convert("RGB").save(path)
    data = cropped(root)
    assert data.image_shape == (1, 16, 16)
    expected = {np.asarray(sample("L", w, h, n)).tobytes() for n, (h, w) in enumerate(SIZES)}
    assert {picture.tobytes() for picture in pictures_of(data)} == expected


def test_grey_whose_transparent_parts_get_a_colour(tmp_path: Path) -> None:
    data = cropped(mixed(tmp_path / "mixed", "LA"), replace(CROP, background="red"))
    assert data.image_shape == (3, 16, 16)


def test_range_of_more_than_eight_bits(tmp_path: Path) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    for number, (height, width) in enumerate(SIZES):
        values = np.random.default_rng(number).integers(0, 4096, (height, width)).astype(np.uint16)
        values[0, :2] = 0, 4095
        Image.fromarray(values).save(root / f"{number}.png")
    assert any("nearly black" in note for note in cropped(root).notes)
    data = cropped(root, replace(CROP, range="auto"))
    assert data.value_range == (0.0, 4095.0)
    assert {(picture.min(), picture.max()) for picture in pictures_of(data)} == {(0, 255)}


def test_broken_files_and_wrong_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = mixed(tmp_path / "mixed")
    (root / "bad.png").write_bytes(b"no picture")
    (root / "cut.png").write_bytes((root / "3.png").read_bytes()[:2000])
    really = worker.measure
    monkeypatch.setattr(
        worker, "measure", lambda path: ((9, 9), False) if path.endswith("2.png") else really(path)
    )
    data = cropped(root)
    assert [name for name, _ in data.skipped] == ["2.png", "bad.png", "cut.png"]
    assert data.skipped[0][1] == "its header says 9 x 9 pixels, and it has 33 x 17"
    assert data.notes[0].startswith("3 of 9 files cannot be read: 2.png (its header")
    assert len(pictures_of(data)) == len(SIZES) - 1
    for picture in pictures_of(data):  # nothing has run into another picture's place
        assert any(np.array_equal(picture, sample("RGB", w, h, n)) for n, (h, w) in enumerate(SIZES))


def test_small_pictures_are_left_out(tmp_path: Path) -> None:
    data = cropped(mixed(tmp_path / "more", sizes=[*SIZES, (30, 30)]), Fitting(crop=24))
    told = "5 of 8 pictures are smaller than --crop 24 and left out: 0.png (16 x 16 pixels), 1.png (20 x 40"
    assert data.notes[0].startswith(told)
    assert [name for name, _ in data.skipped] == ["0.png", "1.png", "2.png", "4.png", "5.png"]
    assert data.skipped[2][1] == "33 x 17 pixels, smaller than --crop 24"
    assert sum(crops.count for crops in crops_of(data)) == 3


@pytest.mark.parametrize(
    ("crop", "told"),
    [
        (24, "2 of 7 pictures in .* at least 24 pixels on both sides.*Give --crop 16, or add larger"),
        (128, "0 of 7 pictures.*Give --crop 16, or"),
    ],
)
def test_too_few_are_large_enough(tmp_path: Path, crop: int, told: str) -> None:
    sizes = [(16, 16), (40, 20), (17, 33), (64, 48), (20, 100), (31, 16), (50, 50)]
    sizes[1] = sizes[4] = (19, 40)
    with pytest.raises(DataError, match=told):
        cropped(mixed(tmp_path / "mixed", sizes=sizes), Fitting(crop=crop))


def test_two_pictures_are_too_few(tmp_path: Path) -> None:
    root = mixed(tmp_path / "mixed", sizes=[(16, 16)] * 2)
    (root / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"holds 2 pictures that can be used; at least 3.*bad\.png \(not an"):
        cropped(root)
    (root / "0.png").unlink()
    (root / "1.png").unlink()
    with pytest.raises(DataError, match="holds 0 pictures"):
        cropped(root)


@pytest.mark.parametrize("seed", range(12))
def test_three_pictures_are_enough(tmp_path: Path, seed: int) -> None:
    from diabolo.train.batches.held_out import learned_and_held

    data = cropped(mixed(tmp_path / "mixed", sizes=[(40, 40)] * 3), seed=seed)
    learned, held = learned_and_held(data, seed)
    parts = [learned, held, data.test.images]
    numbers = [set(part.numbers) for part in parts if isinstance(part, Crops)]
    assert [len(own) for own in numbers] == [1, 1, 1]
    assert len(set.union(*numbers)) == 3


def test_whole_pictures_are_held_out(tmp_path: Path) -> None:
    from diabolo.train.batches.held_out import learned_and_held, split

    data = cropped(mixed(tmp_path / "mixed", sizes=[(40, 40)] * 40))
    assert data.validation is None
    learned, held = learned_and_held(data, 0)
    assert isinstance(learned, Crops)
    assert isinstance(held, Crops)
    assert held.count == (held.count + learned.count) // 12
    assert not set(held.numbers) & set(learned.numbers)
    rows = np.concatenate(split(data, 0))
    assert sorted(rows.tolist()) == list(range(len(data.train)))


def test_classes(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for number, name in enumerate(("cat", "dog", "eel")):
        mixed(root / name, sizes=[(20 + 10 * number, 40)] * 15)
    data = cropped(root)
    assert data.classes == ("cat", "dog", "eel")
    for split in (data.train, data.test):
        crops = split.images
        assert isinstance(crops, Crops)
        heights = crops._pictures.sizes[crops.numbers, 0]
        assert (labels_of(split) == heights // 10 - 2).all()
    some = cropped(root, classes=("dog",))
    assert some.classes == ("dog",)
    assert {picture.shape[0] for picture in pictures_of(some)} == {30}


def test_folders_for_splits(tmp_path: Path) -> None:
    for number, name in enumerate(("train", "val", "test")):
        mixed(tmp_path / name, sizes=[(20 + number, 40)] * (1 + number))
    data = cropped(tmp_path)
    assert [sorted(p.shape[1] for _, p in crops.whole(9)) for crops in crops_of(data)] == [
        [20],
        [21, 21],
        [22] * 3,
    ]
    for path in (tmp_path / "val").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"1 pictures to train on, 0 for validation and 3 to test.*needs 2"):
        cropped(tmp_path)


def test_the_store_holds_pictures(tmp_path: Path) -> None:
    pictures = Pictures.of([np.zeros((1, 3, 5), np.uint8), np.ones((1, 2, 2), np.uint8)])
    assert pictures.starts.tolist() == [0, 15]
    assert pictures.rows(np.array([1]))[0].tolist() == [[[1, 1], [1, 1]]]
    store = own_size.own_size(tmp_path, own_size.Listing(files=[], skipped=[], notes=[]), LoadRequest())
    assert len(store.pictures) == 0


def test_sets_of_one_size_have_no_crops() -> None:
    with pytest.raises(DataError, match=r"'glyphs' has images of one size\. Leave --crop out"):
        load("glyphs", LoadRequest(fitting=CROP))


@pytest.mark.parametrize(("name", "value"), [("image_size", (32, 32)), ("resize", "pad")])
def test_crops_are_not_resized(name: str, value: object) -> None:
    option = f"--{name.replace('_', '-')}"
    with pytest.raises(OptionError, match=f"{option} resizes images.*Leave {option} out, or --crop"):
        replace(CROP, **{name: value})


def test_as_before_without_crops(tmp_path: Path) -> None:
    assert load(str(save(tmp_path, 12)), LoadRequest()).image_shape == (3, 8, 8)
