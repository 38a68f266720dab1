"""The code of every lab runs, in both languages, with few images and one epoch."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks.labs.run import run
from diabolo.course import picture_grid, train_or_open
from diabolo.course.catalogue import LANGUAGES, Lab, find, labs
from diabolo.course.take import take
from diabolo.course.text import Cell
from diabolo.export import export_run
from diabolo.runtime.errors import UsageError
from diabolo.train.datasets import glyphs
from diabolo.train.errors import RunError
from diabolo.ui.cli import main

NAMED = re.compile(r"(?:load\(|, )\"(?:mnist|notmnist|cifar10)")
DATASET = re.compile(r'^dataset = "\w+"', re.MULTILINE)
EPOCHS = re.compile(r"(epochs[= ])\d+")


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(glyphs, "_TRAIN", 300)
    monkeypatch.setattr(glyphs, "_TEST", 100)
    return tmp_path


def small(cell: Cell) -> Cell:
    """The cell for letters, and a training of one epoch."""
    assert not NAMED.search(cell.source), "labs name their data once, in `dataset`"
    source = DATASET.sub('dataset = "glyphs"', EPOCHS.sub(r"\g<1>1", cell.source))
    return Cell(kind=cell.kind, source=source, picture=cell.picture, line=cell.line)


def shell(line: str) -> None:
    """Run one line; an exercise's check, which takes a process of its own, has its tests elsewhere."""
    program, *words = line.split()
    if program == "python":
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
    elif words[:2] == ["lab", "check"]:
        _, _, number, file = words
        lab = find(int(number))
        assert lab.exercise
        assert lab.exercise.file == file
        assert Path(file).is_file()
    else:
        assert program == "diabolo"
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", labs(), ids=lambda lab: lab.name)
def test_a_lab_runs_twice(
    lab: Lab,
    language: str,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a notebook whose cells are all run again; commands refuse to overwrite, so they run once."""
    pictures: list[str] = []

    def shown(cell: Cell, value: Any) -> None:
        if cell.picture:
            assert hasattr(value, "save") or hasattr(value, "savefig"), cell.picture
            pictures.append(cell.picture)

    with_files(lab, language, workplace)
    monkeypatch.syspath_prepend(str(workplace))
    given = [small(cell) for cell in lab.cells(language)]
    run(given, shell, shown)
    assert pictures == [cell.picture for cell in given if cell.picture]
    trained = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*.safetensors")}
    assert trained or (lab.exercise and lab.exercise.training)
    run(given, lambda _line: None)
    assert trained == {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*.safetensors")}
    for name in (Path(lab.exercise.file).stem,) if lab.exercise else ():
        sys.modules.pop(name, None)
    capsys.readouterr()


def with_files(lab: Lab, language: str, folder: Path) -> None:
    """What a student has in the folder, with the exercise solved."""
    for path in take(lab, folder / "taken", language)[1:]:
        path.rename(folder / path.name)
    if lab.exercise:
        shutil.copy(lab.folder / "solution.py", folder / lab.exercise.file)


def test_train_or_open(tmp_path: Path) -> None:
    first = train_or_open("runs/a", "autoencoder", "glyphs", latent_dim=2, epochs=1)
    assert train_or_open("runs/a", "autoencoder", "glyphs", latent_dim=2, epochs=1).path == first.path
    with pytest.raises(RunError, match=r"holds a training with latent_dim 2, not latent_dim 3.*or remove"):
        train_or_open("runs/a", "autoencoder", "glyphs", latent_dim=3, epochs=1)
    (first.path / "metrics.json").unlink()  # as if it was stopped before its end
    assert train_or_open("runs/a", "autoencoder", "glyphs", latent_dim=2, epochs=1).metrics()


def test_a_changed_network_is_not_taken_for_the_trained_one(workplace: Path) -> None:
    text = (find(7).folder / "solution.py").read_text("utf-8")
    own = {"network": "my_network.py", "latent_dim": 2, "epochs": 1}
    Path("my_network.py").write_text(text, "utf-8")
    train_or_open("runs/mine", "autoencoder", "glyphs", **own)
    Path("my_network.py").write_text(f"# a remark\n{text}", "utf-8")
    assert train_or_open("runs/mine", "autoencoder", "glyphs", **own).metrics()
    Path("my_network.py").write_text(text.replace("nn.ReLU", "nn.Sigmoid"), "utf-8")
    with pytest.raises(RunError, match=r"my_network.py was changed after .*mine was trained.*another folder"):
        train_or_open("runs/mine", "autoencoder", "glyphs", **own)
    noted: list[str] = []
    export_run("runs/mine", network="my_network.py", note=noted.append)
    assert any("was changed after" in note for note in noted)


def test_picture_grid() -> None:
    white = np.ones((3, 1, 4, 5), np.float32)
    grid = picture_grid(white, white[:2] * 0)
    assert isinstance(grid, Image.Image)
    scale = grid.width // (3 * 6 - 1)
    assert grid.size == (17 * scale, 9 * scale)
    assert grid.getpixel((0, 0)) == 255
    assert grid.getpixel((0, 5 * scale)) == 0
    assert grid.getpixel((12 * scale, 5 * scale)) == 255  # nothing there
    assert picture_grid((white * 255).astype(np.uint8)).getpixel((0, 0)) == 255
    with pytest.raises(UsageError, match="rows of images"):
        picture_grid()
    with pytest.raises(UsageError, match="same shape"):
        picture_grid(white, white[:, :, :3])
