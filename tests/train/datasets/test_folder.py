"""A folder of images: classes, splits, sizes, colours, and what is left out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from _images import everything, labels_of, load_folder, pixels, sample, save

from diabolo.train import datasets
from diabolo.train.datasets import Fitting, LoadRequest, folder, load
from diabolo.train.errors import DataError


@pytest.fixture
def few_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shape is guessed from the first and the last file."""
    monkeypatch.setattr(folder, "_LOOKED_AT", 2)


def test_flat(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    data = load_folder(save(tmp_path / "photos", 24), progress=lambda *step: told.append(step))
    assert data.name == "photos"
    assert data.image_shape == (3, 8, 8)
    assert (len(data.train), len(data.test)) == (18, 6)
    assert data.classes == ()
    assert data.notes == ()
    assert data.skipped == ()
    assert ("decoding", 24, 24) in told
    expected = {np.asarray(sample("RGB", 8, 8, seed=i)).transpose(2, 0, 1).tobytes() for i in range(24)}
    assert {image.tobytes() for image in everything(data)} == expected


def test_classes(tmp_path: Path) -> None:
    save(tmp_path / "b", 7, "L")
    save(tmp_path / "a" / "deeper", 5, "L", start=50)
    save(tmp_path / ".hidden", 3)
    (tmp_path / "empty").mkdir()
    data = load_folder(tmp_path)
    assert data.classes == ("a", "b")
    assert data.image_shape == (1, 8, 8)
    both = np.concatenate([labels_of(data.train), labels_of(data.test)])
    assert np.bincount(both).tolist() == [5, 7]
    sevens = {image.tobytes() for image in everything(data)[both == 1]}
    assert sevens == {np.asarray(sample("L", 8, 8, seed=i)).tobytes() for i in range(7)}


def test_flat_and_classes(tmp_path: Path) -> None:
    save(tmp_path, 2)
    save(tmp_path / "a", 10)
    data = load_folder(tmp_path)
    assert data.classes == ()
    assert "2 images are not in a sub-folder" in data.notes[0]


def test_with_its_own_split(tmp_path: Path) -> None:
    save(tmp_path / "train" / "x", 6)
    save(tmp_path / "train" / "y", 6)
    save(tmp_path / "test" / "y", 3)
    save(tmp_path / "more", 2)
    data = load_folder(tmp_path)
    assert (len(data.train), len(data.test)) == (12, 3)
    assert data.classes == ("x", "y")
    assert labels_of(data.test).tolist() == [1, 1, 1]
    assert data.notes == ("2 images outside the folders train and test are ignored",)
    assert pixels(data) == pixels(load_folder(tmp_path, seed=5))


# Size and colour


def test_grey_among_colour(tmp_path: Path) -> None:
    save(tmp_path, 9, "L")
    assert load_folder(save(tmp_path, 1, "L", start=9)).image_shape[0] == 1
    assert load_folder(save(tmp_path, 1, "RGB", start=10)).image_shape[0] == 3


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_or_colour_as_asked(tmp_path: Path, mode: str) -> None:
    save(tmp_path, 12, mode)
    data = load_folder(tmp_path, fitting=Fitting(colour=False))
    assert data.image_shape == (1, 8, 8)
    expected = {np.asarray(sample(mode, 8, 8, seed=i).convert("L")).tobytes() for i in range(12)}
    assert {image.tobytes() for image in everything(data)} == expected
    data = load_folder(tmp_path, fitting=Fitting(colour=True))
    assert data.image_shape == (3, 8, 8)
    assert (everything(data) == everything(data)[:, :1]).all() == (mode == "L")


def test_size(tmp_path: Path) -> None:
    save(tmp_path, 8, size=(10, 20))
    save(tmp_path, 4, size=(30, 30), start=20)
    data = load_folder(tmp_path)
    assert data.image_shape == (3, 10, 20)
    assert data.notes == (
        "4 of 12 images are scaled and cropped to 10 x 20 pixels (height x width; the commonest is 10 x 20)",
    )


@pytest.mark.parametrize(
    ("resize", "how"), [("crop", "scaled and cropped"), ("pad", "scaled and padded"), ("fit", "stretched")]
)
def test_size_as_asked(tmp_path: Path, resize: str, how: str) -> None:
    save(tmp_path, 12, size=(10, 20))
    data = load_folder(tmp_path, fitting=Fitting(image_size=(16, 12), resize=resize))
    assert data.image_shape == (3, 16, 12)
    assert data.notes == (f"12 of 12 images are {how} to 16 x 12 pixels (height x width; as asked for)",)
    padding = everything(data)[:, :, 0]
    assert (padding == 255).all() == (resize == "pad")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(10, 20), (20, 10), (12, 12)], (12, 12)),
        ([(10, 20), (20, 40), (8, 8)], (20, 40)),
        ([(40, 8), (16, 8), (16, 8)], (16, 8)),
        ([], (8, 8)),
    ],
)
def test_the_commonest_size(sizes: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    """Of several the one of the most usual proportions, whatever their order."""
    for order in (sizes, sizes[::-1]):
        assert folder._commonest(order) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [((100, 200), (32, 64)), ((300, 4), (64, 8)), ((2, 3), (8, 8)), ((64, 64), (64, 64))],
)
def test_sizes_that_are_not_usual(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    data = load_folder(save(tmp_path, 10, size=size))
    assert data.image_shape[1:] == expected
    assert f"the commonest is {size[0]} x {size[1]}" in "".join(data.notes) or size == expected


def wrong(folder: Path, what: str) -> Path:
    """A folder whose first and last files are not like the others."""
    if what == "grey":
        save(folder, 13)
        kinds = {"mode": "L"}
    elif what == "colour":
        save(folder, 13, "L")
        for name in ("000", "012"):
            sample("L", 8, 8).convert("RGB").save(folder / f"{name}.png")
        return folder
    else:
        save(folder, 13, size=(12, 10))
        kinds = {}
    for place in (0, 12):
        save(folder, 1, start=place, **kinds)
    return folder


@pytest.mark.parametrize("what", ["grey", "colour", "size"])
def test_a_wrong_guess_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    root = wrong(tmp_path / "root", what)
    right = load_folder(root)
    assert right.image_shape == {"grey": (3, 8, 8), "colour": (1, 8, 8), "size": (3, 12, 10)}[what]
    monkeypatch.setattr(folder, "_LOOKED_AT", 2)
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "another"))
    guessed = load_folder(root)
    assert pixels(guessed) == pixels(right)
    assert guessed.provenance == right.provenance
    assert guessed.notes == right.notes


def test_a_guess_from_broken_files_alone(tmp_path: Path, few_looked_at: None) -> None:
    save(tmp_path, 12, size=(12, 10))
    for name in ("!.png", "~.png"):
        (tmp_path / name).write_bytes(b"")
    assert load_folder(tmp_path).image_shape == (3, 12, 10)


# What is left out


def broken(root: Path) -> dict[str, str]:
    """Files that cannot be read, and why."""
    png = (root / "000.png").read_bytes()
    (root / "a.png").write_bytes(b"")
    (root / "b.JPG").write_bytes(b"hello")
    (root / "c.png").write_bytes(png[: len(png) // 2])
    (root / "d.pgm").write_bytes(b"P5 20000 20000 255\n")
    (root / "e.png").symlink_to("nowhere")
    (root / "f.webp").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    os.mkfifo(root / "g.png")
    (root / ".h.png").write_bytes(b"not seen")
    (root / "notes.txt").write_bytes(b"not seen either")
    return {
        "a.png": "not an image",
        "b.JPG": "not an image",
        "c.png": "truncated",
        "d.pgm": "pixels",
        "e.png": "a link that leads nowhere",
        "f.webp": "not an image",
        "g.png": "a named pipe, not a file",
    }


def test_broken_files_are_named_and_skipped(tmp_path: Path) -> None:
    expected = broken(save(tmp_path, 12))
    data = load_folder(tmp_path)
    assert len(data.train) + len(data.test) == 12
    (note,) = data.notes
    assert note.startswith(
        "7 of 19 files cannot be read: a.png (not an image), b.JPG (not an image), c.png ("
    )
    assert note.endswith(") and 4 more")
    assert sorted(name for name, _ in data.skipped) == sorted(expected)
    assert all(expected[name] in reason for name, reason in data.skipped)
    assert load_folder(tmp_path).skipped == data.skipped


def test_broken_files_beside_classes_and_splits(tmp_path: Path) -> None:
    elsewhere = save(tmp_path / "elsewhere", 3)
    (elsewhere / "gone.png").symlink_to("nowhere")
    for part in ("train", "test"):
        save(tmp_path / "root" / part / "x", 6)
        (tmp_path / "root" / part / "x" / "gone.png").symlink_to("nowhere")
        (tmp_path / "root" / part / "empty.png").write_bytes(b"")
    (tmp_path / "root" / "test" / "y").symlink_to(elsewhere)
    data = load_folder(tmp_path / "root")
    names = [f"{part}/{rest}" for part in ("test", "train") for rest in ("empty.png", "x/gone.png")]
    assert sorted(name for name, _ in data.skipped) == sorted([*names, "test/y/gone.png"])
    assert data.classes == ("x", "y")


def test_many_broken_files_and_enough_good_ones(tmp_path: Path) -> None:
    save(tmp_path / "a", 10, "L")
    for i in range(300):
        (tmp_path / "a" / f"broken{i}.png").write_bytes(b"x" * i)
    data = load_folder(tmp_path)
    assert len(data.train) + len(data.test) == 10
    assert len(set(data.skipped)) == len(data.skipped) == 300
    assert "and 297 more" in data.notes[0]


def test_what_may_not_be_read_is_skipped(nobody: Path) -> None:
    root = nobody / "root"
    save(root / "a", 11)
    save(root / "b", 3)
    (root / "a" / "003.png").chmod(0)
    (root / "b").chmod(0)
    try:
        data = load_folder(root)
    finally:
        (root / "b").chmod(0o700)
    assert sorted(data.skipped) == [("a/003.png", "permission denied"), ("b/", "permission denied")]
    assert len(data.train) + len(data.test) == 10
    told = "1 of 11 files and 1 folder cannot be read: a/003.png (permission denied), b/ (permission denied)"
    assert data.notes == (told,)


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_folder_that_may_not_be_entered(nobody: Path, mode: int) -> None:
    root = save(nobody / "root", 12)
    root.chmod(mode)
    try:
        with pytest.raises(DataError, match=r"root'"):
            load(str(root), LoadRequest())
        with pytest.raises(DataError, match="no folder at"):
            datasets.find("folder").load(LoadRequest(folder=root / "inside"))
    finally:
        root.chmod(0o700)


def test_errors(tmp_path: Path) -> None:
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
    with pytest.raises(DataError, match=r"holds 0 images .*at least 10.*0\.png .*and 5 more"):
        load(str(tmp_path), LoadRequest())
    save(tmp_path / "few", 9)
    with pytest.raises(DataError, match=r"holds 9 images .*at least 10 are needed\. Add images"):
        load(str(tmp_path / "few"), LoadRequest())


def test_images_of_kinds_that_are_not_read(tmp_path: Path) -> None:
    for name in ("a.heic", "b.HEIC", "c.svg", "d.txt", "avif", ".e.heic"):
        (tmp_path / name).write_bytes(b"x")
    told = "files of types that cannot be read are ignored: 2 heic, 1 svg"
    told += " (to read heic: pip install pillow-heif)"
    with pytest.raises(DataError, match=rf"no images.*{re.escape(told)}"):
        load(str(tmp_path), LoadRequest())
    data = load_folder(save(tmp_path, 12))
    assert data.notes == (told,)
    assert data.skipped == ()


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JPG", "pnm", "pbm", "tif"])
def test_other_endings(tmp_path: Path, ending: str) -> None:
    forms = {"pnm": "ppm", "pbm": "ppm", "tif": "tiff"}
    for i in range(10):
        sample("L", 8, 8, seed=i).save(tmp_path / f"{i}.{ending}", forms.get(ending, "jpeg"))
    assert len(everything(load_folder(tmp_path))) == 10
