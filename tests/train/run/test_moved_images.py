"""A run whose folder of images was moved or renamed since."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from _images import save
from click.testing import CliRunner, Result

from diabolo.train import Config, fit, resume
from diabolo.train.errors import RunError
from diabolo.train.run import Run
from diabolo.ui.cli import main


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, and a run on them."""
    made = tmp_path_factory.mktemp("made")
    config = Config.make(
        "autoencoder", str(save(made / "old", 24)), epochs=1, latent_dim=2, batch_size=8, lr=1e-3
    )
    fit(config, made / "my run")
    return made


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run on the folder `old`, which is `new images` now."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made / "my run", "my run")
    shutil.copytree(made / "old", "new images")
    config = Path("my run/config.json")
    config.write_text(config.read_text().replace(str(made / "old"), str(tmp_path / "old")))
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


RESUME = ("train", "autoencoder", "--resume", "-o", "my run", "--epochs", "2")


@pytest.mark.parametrize(
    "command",
    [("export", "my run", "-o", "bundle"), ("evaluate", "my run"), RESUME],
    ids=lambda words: words[0],
)
def test_the_new_place_is_asked_for_and_taken(place: Path, command: tuple[str, ...]) -> None:
    done = call(*command)
    assert done.exit_code == 1
    assert f"no longer at '{place}/old'" in done.stderr
    assert "--dataset FOLDER" in done.stderr
    before = (place / "my run" / "config.json").read_text()
    shutil.copytree("new images", "others")
    save(Path("others"), 1, start=90)
    done = call(*command, "--dataset", "others")
    assert done.exit_code == 1
    assert "are not those that my run was trained on" in done.stderr
    assert (place / "my run" / "config.json").read_text() == before
    assert not Path("bundle").exists()
    done = call(*command, "--dataset", "new images")
    assert done.exit_code == 0, done.stderr
    resumed = command is RESUME
    dataset = json.loads((place / "my run" / "config.json").read_text())["dataset"]
    assert dataset == str(place / ("new images" if resumed else "old"))
    if resumed:
        assert Run.open("my run").epochs_done() == 2
        assert resume("my run", epochs=3).epochs_done() == 3  # it is known now


def test_images_that_were_changed_where_they_are_only_give_a_note(place: Path) -> None:
    Path("new images").rename("old")
    save(Path("old"), 1, start=90)
    told: list[str] = []
    Run.open("my run").data(note=told.append)
    assert told == ["the dataset's images are not the same as when the run was trained"]
    Run.open("my run").data(dataset="old")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--lr", "0.01"), "--lr 0.001, not 0.01"),
        (("--batch-size", "16", "--lr", "0.01"), "--batch-size 8, not 16, --lr 0.001, not 0.01"),
        (("--image-size", "16"), "--image-size none, not (16, 16)"),
        (("--augment", "flip"), "--augment , not flip"),
        (("--range", "auto"), "--range full, not auto"),
    ],
)
def test_what_cannot_change_is_refused(place: Path, words: tuple[str, ...], message: str) -> None:
    done = call(*RESUME, "--dataset", "new images", *words)
    assert done.exit_code == 2
    assert "which cannot change once it has begun" in done.stderr
    for part in message.split(", --"):
        assert part.removeprefix("--") in done.stderr
    assert Run.open("my run").epochs_done() == 1


def test_another_variant_is_refused(place: Path) -> None:
    done = call("train", "vae", "--resume", "-o", "my run")
    assert done.exit_code == 2
    assert "variant autoencoder, not vae" in done.stderr


def test_what_the_run_has_may_be_given_again(place: Path) -> None:
    done = call(*RESUME, "--dataset", "new images", "--lr", "0.001", "--batch-size", "8", "--device", "auto")
    assert done.exit_code == 0, done.stderr
    assert "next: diabolo export 'my run'" in done.stderr


def test_a_recipe_that_says_otherwise_is_refused(place: Path) -> None:
    Path("r.toml").write_text("lr = 0.01\n")
    done = call(*RESUME, "--dataset", "new images", "--recipe", "r.toml")
    assert done.exit_code == 2
    assert "--lr 0.001, not 0.01" in done.stderr


def test_in_python(place: Path) -> None:
    with pytest.raises(RunError, match="no longer at"):
        resume("my run", epochs=2)
    assert resume("my run", epochs=2, dataset="new images").config.dataset == str(place / "new images")
