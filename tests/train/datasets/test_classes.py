"""Only some classes of a set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from diabolo.runtime.errors import UnknownNameError
from diabolo.train.datasets import ImageData, LoadRequest, Split, load
from diabolo.train.errors import DataError
from diabolo.ui.cli import main


def data(labels: bool = True) -> ImageData:
    """Twelve images, each filled with its label, 0 to 3."""
    marks = np.arange(12) % 4
    images = np.broadcast_to(marks[:, None, None, None], (12, 1, 8, 8)).astype(np.uint8)
    split = Split(images=images, labels=marks if labels else None)
    return ImageData(name="marks", train=split, test=split, classes=tuple("abcd") if labels else ())


def test_both_splits_are_cut_and_labels_counted_anew() -> None:
    some = data().only(["d", "b"])
    assert some.classes == ("b", "d")
    for split in (some.train, some.test):
        assert split.labels is not None
        assert len(split) == 6
        assert split.images[:][:, 0, 0, 0].tolist() == [1, 3] * 3
        assert split.labels.tolist() == [0, 1] * 3


def test_all_of_them_change_nothing() -> None:
    every = data().only("abcd")
    assert every.classes == data().classes
    assert np.array_equal(every.train.images[:], data().train.images[:])


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown class 'e'"):
        data().only(["a", "e"])
    with pytest.raises(DataError, match="no classes"):
        data(labels=False).only(["a"])


def test_the_request_asks_for_them(pictures: Path) -> None:
    assert load(str(pictures), LoadRequest()).classes == ("bars", "discs")
    bars = load(str(pictures), LoadRequest(classes=("bars",)))
    assert bars.classes == ("bars",)
    assert len(bars.train) + len(bars.test) == 60


@pytest.mark.parametrize("recipe", [False, True])
def test_the_command_line(recipe: bool, pictures: Path, tmp_path: Path) -> None:
    """The run remembers them, and `evaluate` is about them alone."""
    run = str(tmp_path / "run")
    (tmp_path / "recipe.toml").write_text('classes = ["discs"]\n')
    chosen = ["--recipe", str(tmp_path / "recipe.toml")] if recipe else ["--classes", "discs"]
    words = ["train", "autoencoder", "--dataset", str(pictures), "--epochs", "1", "-o", run, *chosen]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["classes"] == ["discs"]
    done = CliRunner().invoke(main, ["evaluate", run, "--json"])
    assert done.exit_code == 0, done.stderr
    test = load(str(pictures), LoadRequest(classes=("discs",))).test
    assert json.loads(done.stdout)["images"] == len(test) < 60


@pytest.mark.parametrize(
    ("text", "words"), [("discs,", "none of them empty"), ("disks", "Did you mean 'discs'?")]
)
def test_wrong_ones_are_told(text: str, words: str, pictures: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(pictures), "--classes", text, "-o", str(tmp_path / "run")]
    done = CliRunner().invoke(main, ["train", "autoencoder", *arguments])
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "run").exists()
