"""The usual layouts of data sets: which folders are splits, and which are classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _images import everything, labels_of, load_folder, save

from diabolo.train import Config, fit
from diabolo.train.batches.held_out import learned_and_held
from diabolo.train.datasets import ImageData, LoadRequest, load

SPLITS = {"train": 12, "validation": 4, "test": 6}


def layout(root: Path, names: dict[str, str], kinds: tuple[str, ...] = ("",)) -> Path:
    """Images in each split's folder, as many as SPLITS says, in one folder for each kind."""
    start = 0
    for split, name in names.items():
        for kind in kinds:
            save(root / name / kind, SPLITS[split], start=start)
            start += SPLITS[split]
    return root


def counts(data: ImageData) -> tuple[int, int, int]:
    return len(data.train), len(data.validation or ()), len(data.test)


@pytest.mark.parametrize(
    "names",
    [
        *(("train", "val", "test"), ("training", "validation", "testing"), ("Train", "Valid", "Test")),
        *(("train2017", "val2017", "test2017"), ("training_set", "validation_set", "test_set")),
        *(("images/train", "images/val", "images/test"), ("train/images", "valid/images", "test/images")),
        ("photos/train", "photos/val", "photos/test"),
        ("training_set/training_set", "val", "test_set/test_set"),
        ("train images", "val-images", "test_images"),
    ],
    ids=lambda names: names[0].replace("/", "-"),
)
def test_splits_by_their_usual_names(tmp_path: Path, names: tuple[str, str, str]) -> None:
    root = layout(tmp_path / "root", dict(zip(SPLITS, names, strict=True)))
    data = load_folder(root)
    assert counts(data) == (12, 4, 6)
    assert data.classes == ()
    assert data.notes == ()


@pytest.mark.parametrize("labels", ["labels/train", "train/labels"])
def test_labels_in_text_files_change_nothing(tmp_path: Path, labels: str) -> None:
    """Of Ultralytics, next to `images`; of Roboflow, in each split."""
    form = "images/{}" if labels.startswith("labels") else "{}/images"
    root = layout(tmp_path, {split: form.format(split) for split in SPLITS})
    (root / labels).mkdir(parents=True)
    (root / labels / "000.txt").write_text("0 0.5 0.5 1 1")
    data = load_folder(root)
    assert (counts(data), data.classes, data.notes) == ((12, 4, 6), (), ())


@pytest.mark.parametrize(
    "names",
    [
        ("train", "val", "test"),
        ("training", "validation", "test"),
        ("images/train", "images/val", "images/test"),
    ],
)
def test_splits_with_classes(tmp_path: Path, names: tuple[str, str, str]) -> None:
    data = load_folder(layout(tmp_path, dict(zip(SPLITS, names, strict=True)), ("cats", "dogs")))
    assert counts(data) == (24, 8, 12)
    assert data.classes == ("cats", "dogs")
    assert data.validation is not None
    assert np.bincount(labels_of(data.validation)).tolist() == [4, 4]
    only = load(str(tmp_path), LoadRequest(classes=("dogs",)))
    assert counts(only) == (12, 4, 6)


def test_without_a_test_some_of_the_training_is_for_testing(tmp_path: Path) -> None:
    """The reported layout: both folders were learned from, as classes."""
    data = load_folder(layout(tmp_path, {"train": "training", "validation": "validation"}))
    assert data.classes == ()
    assert len(data.train) + len(data.test) == 12
    assert len(data.validation or ()) == 4
    assert data.notes == ("there is no folder test: some images of the folder training are used for testing",)


def test_the_validation_split_chooses_the_weights(tmp_path: Path) -> None:
    root = layout(tmp_path / "root", {"train": "train", "validation": "val", "test": "test"})
    data = load_folder(root)
    assert data.validation is not None
    learned, held = learned_and_held(data, 0)
    np.testing.assert_array_equal(learned[:], data.train.images[:])
    np.testing.assert_array_equal(held[:], data.validation.images[:])
    seen: list[str] = []

    class Notes:
        note = staticmethod(seen.append)

        def __getattr__(self, name: str) -> object:
            return lambda *_: None

    run = fit(
        Config.make("autoencoder", str(root), epochs=1, latent_dim=2), tmp_path / "run", callback=Notes()
    )  # type: ignore[arg-type]
    assert any("12 images to learn from, 4 held out to choose the best weights, 6 to test" in x for x in seen)
    from diabolo.export.run import _training

    about = _training(run, data)
    assert (about["images"] - about["held_out"], about["held_out"]) == (12, 4)


def test_defects_do_not_count_in_the_usual_error(tmp_path: Path) -> None:
    """MVTec AD: training has good ones only, and `anomaly` is measured by the test images like them."""
    root = tmp_path / "bottle"
    save(root / "train" / "good", 12)
    save(root / "test" / "good", 5, start=20)
    for number, defect in enumerate(("crack", "hole")):
        save(root / "test" / defect, 3, start=30 + 10 * number)
        save(root / "ground_truth" / defect, 3, "L", start=60 + 10 * number)
    data = load_folder(root)
    assert counts(data) == (12, 0, 5)
    assert data.classes == ("good",)
    assert data.notes == (
        "6 images in test are left out, since training has only the class 'good' (crack, hole): measure them "
        "afterwards, with diabolo reconstruct",
        "6 images outside the folders train and test are ignored",
    )
    save(root / "train" / "crack", 3, start=90)  # then it is one of two classes
    assert len(load_folder(root).test) == 11


def test_the_root_of_several_sets_is_questioned(tmp_path: Path) -> None:
    for name in ("bottle", "cable"):
        save(tmp_path / "all of it" / name / "train" / "good", 6)
        save(tmp_path / "all of it" / name / "test" / "hole", 6)
    (note,) = load_folder(tmp_path / "all of it").notes
    assert note.startswith("folders with splits of their own are taken as one class each: bottle, cable.")
    assert note.endswith(f"--dataset '{tmp_path}/all of it/bottle'")


@pytest.mark.parametrize("name", ["val", "Validation", "testing", "training"])
def test_a_class_called_like_a_split_is_questioned(tmp_path: Path, name: str) -> None:
    for kind in ("cats", "dogs", name):
        save(tmp_path / kind, 6)
    data = load_folder(tmp_path)
    assert set(data.classes) == {"cats", "dogs", name}
    assert f"is {name} a class? It is called like a split" in " ".join(data.notes)


def test_masks_are_questioned(tmp_path: Path) -> None:
    save(tmp_path / "images", 6)
    save(tmp_path / "masks", 6, "L")
    assert "is masks a class, or masks of the other images? Without it: --classes images" in (
        load_folder(tmp_path).notes
    )


@pytest.mark.parametrize("name", ["trains", "tests", "values", "trainers", "2017", "set"])
def test_other_names_are_classes(tmp_path: Path, name: str) -> None:
    for kind in ("cats", name):
        save(tmp_path / kind, 6)
    data = load_folder(tmp_path)
    assert set(data.classes) == {"cats", name}
    assert data.notes == ()
    assert len(everything(data)) == 12
