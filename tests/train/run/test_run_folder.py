"""What a run folder keeps, and what is said when the data have changed since."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from _images import save
from click.testing import CliRunner, Result

from diabolo.train import Config, Run, fit
from diabolo.train.errors import OptionError
from diabolo.ui.cli import main


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return save(tmp_path / "photos" / "a", 24, "L", (10, 10)).parent


def train(folder: object, out: object) -> Result:
    return call("train", "autoencoder", "--dataset", folder, "--epochs", 1, "--latent-dim", 2, "-o", out)


def test_a_run_is_used_from_anywhere(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train("./photos", "run").exit_code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for words in (["evaluate", "../run"], ["export", "../run"]):
        done = call(*words)
        assert done.exit_code == 0, done.stderr


def test_a_folder_without_classes_is_used_again(tmp_path: Path, photos: Path) -> None:
    assert train(photos / "a", "run").exit_code == 0
    for words in (["evaluate", "run"], ["export", "run"], ["train", "autoencoder", "--resume", "-o", "run"]):
        done = call(*words, *(["--epochs", 2] if words[0] == "train" else []))
        assert done.exit_code == 0, done.stderr


def test_changed_images_are_told(photos: Path) -> None:
    assert train(photos, "run").exit_code == 0
    assert "not the same" not in call("evaluate", "run").stderr
    save(photos / "a", 1, "L", (10, 10), start=90)
    for words in (["evaluate", "run"], ["export", "run"]):
        done = call(*words)
        assert done.exit_code == 0, done.stderr
        assert "not the same as when the run was trained" in done.stderr
    save(photos / "a", 60, "RGB", (12, 14), start=100)
    for words in (
        ["evaluate", "run"],
        ["export", "run", "-o", "b"],
        ["train", "autoencoder", "--resume", "-o", "run"],
    ):
        done = call(*words, *(["--epochs", 2] if words[0] == "train" else []))
        assert done.exit_code == 1
        assert "(3, 12, 14) now" in done.stderr


@pytest.mark.usefixtures("plots")
@pytest.mark.parametrize("name", ["$x_$ 猫", os.fsdecode(b"a\xff")])
def test_classes_of_any_name(photos: Path, name: str) -> None:
    try:
        shutil.copytree(photos / "a", photos / name)
    except OSError:
        pytest.skip("this file system wants text")
    done = train(photos, "run")
    assert done.exit_code == 0, done.output
    shown = name.encode("utf-8", "backslashreplace").decode()
    assert sorted(json.loads(Path("run/config.json").read_text())["class_names"]) == sorted(["a", shown])
    done = call("export", "run")
    assert done.exit_code == 0, done.stderr
    assert call("verify", "run/bundle", "--device", "cpu").exit_code == 0


def test_too_few_to_learn_from_leave_no_run(tmp_path: Path) -> None:
    save(tmp_path / "pair" / "train", 1)
    save(tmp_path / "pair" / "test", 12)
    with pytest.raises(OptionError, match="1 training image is too few"):
        fit(Config.make("autoencoder", str(tmp_path / "pair")), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_ctrl_c_tells_how_to_continue(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    from diabolo.ui.cli._shared import progress

    really = progress.Bar.step

    def press(self: progress.Bar, images: int, loss: float | None) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        really(self, images, loss)

    monkeypatch.setattr(progress.Bar, "step", press)
    done = call("train", "vae", "--dataset", photos, "--epochs", 3, "-o", "run")
    assert done.exit_code == 1
    assert "diabolo train vae --resume -o run" in done.stderr
    monkeypatch.undo()
    monkeypatch.chdir(photos.parent)
    monkeypatch.setenv("DIABOLO_CACHE", str(photos.parent / "cache"))
    assert call("train", "vae", "--resume", "-o", "run").exit_code == 0
    assert len(Run.open("run").history()) == 3
