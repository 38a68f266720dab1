"""Noisy copies of clean pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _images import sample
from PIL import Image

from diabolo.train.datasets import Crops, Fitting, ImageData, LoadRequest, load
from diabolo.train.errors import DataError

COUNT = 8


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Clean pictures, and their noisy copies, which are their negatives."""
    clean, noisy = tmp_path / "clean", tmp_path / "noisy"
    for folder in (clean, noisy):
        (folder / "deeper").mkdir(parents=True)
    for number in range(COUNT):
        picture = sample("RGB", 20 + number, 30, seed=number)
        name = f"deeper/{number}" if number % 2 else str(number)
        picture.save(clean / f"{name}.png")
        Image.fromarray(255 - np.asarray(picture)).save(noisy / f"{name}.{'bmp' if number % 3 else 'png'}")
    return clean, noisy


def loaded(folders: tuple[Path, Path], **options: Any) -> ImageData:
    clean, noisy = folders
    return load(str(clean), LoadRequest(noisy=noisy, fitting=Fitting(crop=16, **options)))


def crops_of(data: ImageData) -> list[Crops]:
    splits = (data.train, data.validation, data.test)
    return [split.images for split in splits if split is not None and isinstance(split.images, Crops)]


def pairs(data: ImageData) -> int:
    """The number of pairs, each of which is a picture and its negative."""
    count = 0
    for crops in crops_of(data):
        assert crops.paired
        for _, both in crops.stacked().whole(99):
            clean, noisy = np.split(both, 2)
            assert np.array_equal(noisy, 255 - clean)
            count += 1
    return count


def test_pairs_by_name(folders: tuple[Path, Path]) -> None:
    data = loaded(folders)
    assert pairs(data) == COUNT
    assert data.skipped == ()
    assert data.image_shape == (3, 16, 16)
    assert set(data.provenance) == {"pictures", "seed", "sha256", "noisy_sha256"}


def test_what_does_not_match_is_left_out(folders: tuple[Path, Path]) -> None:
    clean, noisy = folders
    (noisy / "0.png").rename(noisy / "other.png")
    sample("RGB", 9, 9).save(noisy / "2.bmp")
    (noisy / "4.bmp").write_bytes(b"no picture")
    data = loaded(folders)
    assert pairs(data) == COUNT - 3
    reasons = dict(data.skipped)
    assert reasons["0.png"] == f"no noisy picture of this name in {noisy}"
    assert reasons[str(noisy / "other.png")] == f"no clean picture of this name in {clean}"
    assert reasons["2.png"] == "22 x 30 pixels, and its noisy picture 9 x 9"
    assert reasons["4.png"] == "its noisy picture cannot be read"
    assert reasons[str(noisy / "4.bmp")] == "not an image"
    assert any(
        note.startswith("5 pictures have no partner of the same name and size: ") for note in data.notes
    )


def test_of_two_endings_the_same_one_is_taken(folders: tuple[Path, Path]) -> None:
    _, noisy = folders
    sample("RGB", 20, 30, seed=77).save(noisy / "0.bmp")
    data = loaded(folders)
    assert pairs(data) == COUNT
    assert [name for name, _ in data.skipped] == [str(noisy / "0.bmp")]


@pytest.mark.parametrize("which", [0, 1])
def test_grey_and_colour(folders: tuple[Path, Path], which: int) -> None:
    for path in folders[which].rglob("*.*"):
        with Image.open(path) as picture:
            picture.convert("L").save(path)
    data = loaded(folders)
    assert data.image_shape == (3, 16, 16)
    assert crops_of(data)[0].stacked().shape[1] == 6
    assert crops_of(loaded(folders, colour=False))[0].stacked().shape[1] == 2


def test_a_range_is_that_of_the_clean_pictures(tmp_path: Path) -> None:
    clean, noisy = tmp_path / "clean", tmp_path / "noisy"
    for folder, factor in ((clean, 1.0), (noisy, 0.5)):
        folder.mkdir()
        for number in range(4):
            values = np.full((16, 16), 4000 * factor, np.uint16)
            values[0] = 0
            Image.fromarray(values).save(folder / f"{number}.png")
    data = loaded((clean, noisy), range="auto")
    assert data.value_range == (0.0, 4000.0)
    both = crops_of(data)[0].stacked()[:1]
    assert both.max((0, 2, 3)).tolist() == [255, 128]


def test_no_pair_at_all(folders: tuple[Path, Path]) -> None:
    clean, noisy = folders
    for path in sorted(noisy.rglob("*.*")):
        path.rename(path.with_name(f"noisy-{path.name}"))
    with pytest.raises(DataError) as caught:
        loaded(folders)
    for part in (str(clean), str(noisy), "'0.png'", "'deeper/noisy-1.bmp'", "same names"):
        assert part in str(caught.value)
    empty = noisy.parent / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="in which there is no picture"):
        loaded((clean, empty))
    with pytest.raises(DataError, match=r"no folder at.*--noisy"):
        loaded((clean, noisy / "gone"))


def test_no_pair_of_one_size(folders: tuple[Path, Path]) -> None:
    for path in folders[1].rglob("*.*"):
        sample("RGB", 9, 9).save(path)
    with pytest.raises(DataError, match=r"can be used with its noisy copy.*its noisy picture 9 x 9"):
        loaded(folders)


def test_noisy_copies_need_crops(folders: tuple[Path, Path]) -> None:
    with pytest.raises(DataError, match="only with --crop"):
        load(str(folders[0]), LoadRequest(noisy=folders[1]))
