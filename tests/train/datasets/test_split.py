"""Which images of a folder train and which test: as its folders say, or drawn by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from _images import everything, load_folder, pixels, save

from diabolo.train.datasets._assigned import indices
from diabolo.train.datasets._scan import File


@pytest.mark.parametrize("names", [("Train", "TEST"), ("train", "Test")])
def test_its_own_split_in_any_case(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        save(tmp_path / name / "x", 6)
    data = load_folder(tmp_path)
    assert (len(data.train), len(data.test), data.classes) == (6, 6, ("x",))
    assert data.notes == ()


def test_train_alone(tmp_path: Path) -> None:
    """It holds the training images; the test is drawn from them."""
    for name in ("x", "y"):
        save(tmp_path / "Train" / name, 12)
    save(tmp_path / "other" / "x", 3)
    data = load_folder(tmp_path)
    assert data.classes == ("x", "y")
    assert len(everything(data)) == 24
    assert data.validation is None
    assert data.notes == (
        "there is no folder test: some images of the folder Train are used for testing",
        "3 images outside the folder Train are ignored",
    )
    (tmp_path / "test").mkdir()
    assert load_folder(tmp_path).notes[0].startswith("the folder test has no images: some")


def test_train_alone_and_flat(tmp_path: Path) -> None:
    save(tmp_path / "train", 12)
    assert load_folder(tmp_path).classes == ()
    save(tmp_path / "bus", 12, start=40)  # then it is a class, of trains
    data = load_folder(tmp_path)
    assert data.classes == ("bus", "train")
    assert data.notes[0] == "there is no folder test: the folder train is treated as a class"
    assert data.notes[1].startswith("is train a class? It is called like a split")
    save(tmp_path / "validation", 12, start=20)  # two such names are no chance
    data = load_folder(tmp_path)
    assert data.classes == ()
    assert data.validation is not None
    assert len(data.validation) == 12
    assert data.notes[-1] == "12 images outside the folders train and validation are ignored"


def test_test_alone_is_a_class(tmp_path: Path) -> None:
    save(tmp_path / "test" / "deeper", 12)
    data = load_folder(tmp_path)
    assert data.classes == ("test",)
    assert data.notes == ("there is no folder train: the folder test is treated as a class",)


def names_of(path: Path, seed: int = 0) -> tuple[set[bytes], set[bytes]]:
    data = load_folder(path, seed=seed)
    train, test = ({image.tobytes() for image in split.images[:]} for split in (data.train, data.test))
    return train, test


def test_an_added_image_moves_no_other(tmp_path: Path) -> None:
    train, test = names_of(save(tmp_path, 60))
    for start in (60, 61, 62):
        more_train, more_test = names_of(save(tmp_path, 1, start=start))
        assert train < more_train or test < more_test
        assert train <= more_train
        assert test <= more_test
    (tmp_path / "000.png").unlink()
    less_train, less_test = names_of(tmp_path)
    assert less_train <= more_train
    assert less_test <= more_test


@pytest.mark.parametrize("seed", range(30))
def test_both_splits_have_an_image(seed: int) -> None:
    files = [File(f"{name}.png", None, None, 0, (0, 0)) for name in range(10)]
    for count in (2, 10):
        train, held, test = indices(files[:count], seed)
        assert not len(held)
        assert min(len(train), len(test)) > 0
        assert sorted([*train, *test]) == list(range(count))


def test_a_sixth_is_for_the_test() -> None:
    files = [File(f"{name}.png", None, None, 0, (0, 0)) for name in range(3000)]
    shares = [len(indices(files, seed)[2]) / 3000 for seed in range(3)]
    assert shares == pytest.approx([1 / 6] * 3, abs=0.025)  # 3.5 standard deviations


def test_by_seed(tmp_path: Path) -> None:
    save(tmp_path, 24)
    first, again, other = (load_folder(tmp_path, seed=seed) for seed in (1, 1, 2))
    assert pixels(first) == pixels(again)
    assert first.test.images[:].tobytes() != other.test.images[:].tobytes()
    assert first.provenance == again.provenance
    assert first.provenance["sha256"] == other.provenance["sha256"]
