"""`diabolo doctor` on a real training whose posterior has collapsed, and on folders that are no whole run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageOps

from diabolo.train import Config, fit
from diabolo.train.run.lock import hold
from diabolo.ui.cli import main


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


@pytest.fixture(scope="module")
def collapsed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = Config.make(
        "vae",
        str(pictures),
        **{"latent_dim": 2, "epochs": 4, "batch_size": 20, "width": 8, "variant_options": {"beta": 1e5}},
    )
    return fit(config, tmp_path_factory.mktemp("collapsed") / "run").path


@pytest.fixture
def run(collapsed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(collapsed, tmp_path / "run"))


def test_it_names_the_fault_and_what_to_try_and_writes_nothing(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    done = call(run)
    assert done.exit_code == 0, done.stderr
    assert "error: posterior-collapse" in done.stdout
    assert "none of the 2 dimensions" in done.stdout
    assert "try: --beta 1 instead of 100000" in done.stdout
    assert "learned-little" not in done.stdout  # it follows
    assert "checked for: " in done.stdout
    assert "duplicate images" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_json_has_every_part(run: Path) -> None:
    found = json.loads(call(run, "--json").stdout)
    assert found["findings"][0].keys() == {"name", "severity", "problem", "see", "try"}
    assert found["findings"][0]["name"] == "posterior-collapse"
    assert "posterior collapse" in found["checked"]
    assert "inverted images" not in found["checked"]


def test_inverted_images_are_told_from_those_of_the_training(
    run: Path, pictures: Path, tmp_path: Path
) -> None:
    for name in range(3):
        with Image.open(pictures / "bars" / f"{name}.png") as picture:
            ImageOps.invert(picture).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    done = call(run, *sorted(tmp_path.glob("*.png")))
    assert "error: inverted-images" in done.stdout
    assert "100 % of the 3 images look inverted" in done.stdout
    assert "broken.png cannot be read" in done.stderr
    assert "inverted-images" not in call(run, pictures / "bars").stdout


def test_a_run_without_figures_is_judged_by_its_history(run: Path) -> None:
    (run / "metrics.json").unlink()
    done = call(run)
    assert done.exit_code == 0
    assert "posterior" not in done.stdout
    assert f"Continue it: diabolo train vae --resume -o {run}" in done.stderr
    with hold(run, print):
        assert "It is still training" in call(run).stderr


def test_a_loss_that_was_no_number(run: Path) -> None:
    for name in ("metrics.json", "history.csv"):
        (run / name).unlink()
    (run / "failed.json").write_text('{"epoch": 1, "step": 3}')
    assert "error: learning-rate-too-high" in call(run).stdout
    (run / "failed.json").write_text("[")
    assert call(run).exit_code == 1


def test_figures_of_an_older_release(run: Path) -> None:
    figures = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps({name: figures[name] for name in ("mse", "images")}))
    done = call(run)
    assert done.exit_code == 0
    assert "diabolo evaluate" in done.stderr


def test_without_its_dataset(run: Path, tmp_path: Path) -> None:
    document = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(document | {"dataset": str(tmp_path / "gone")}))
    done = call(run)
    assert done.exit_code == 0
    assert "error: posterior-collapse" in done.stdout
    assert "the images of the training are not checked" in done.stderr
    assert "--dataset FOLDER" in done.stderr
    assert call(run, "--dataset", tmp_path / "gone").exit_code == 1


@pytest.mark.parametrize(
    ("removed", "given", "code", "told"),
    [
        (("config.json",), (), 1, "is not a run"),
        (("metrics.json", "history.csv"), (), 1, "has no epoch yet"),
        ((), ("nowhere.png",), 2, "there is no file or folder"),
        ((), ("broken.png",), 2, "no image can be read"),
    ],
)
def test_what_cannot_be_judged_is_said(
    run: Path, removed: tuple[str, ...], given: tuple[str, ...], code: int, told: str
) -> None:
    for name in removed:
        (run / name).unlink()
    (run.parent / "broken.png").write_bytes(np.zeros(9, np.uint8).tobytes())
    done = call(run, *(run.parent / name for name in given))
    assert done.exit_code == code
    assert told in done.stderr
    assert "Traceback" not in done.output
