"""The benchmarks of quality: what they measure is what they say, on few images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from _commands import in_this_process

from benchmarks import alive, quality, selftaught
from benchmarks._shared import runs
from diabolo.train import Run


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)


def test_every_recipe_is_a_goal_s() -> None:
    named = {word for goal in quality.GOALS.values() for word in goal.arguments if word.endswith(".toml")}
    assert named == {str(path) for path in quality.RECIPES.glob("*.toml")}


def test_a_row(runs: dict[str, Path], pictures: Path, tmp_path: Path) -> None:
    """A run that is there is used; the bound that is not reached is said."""
    (tmp_path / "goal").symlink_to(runs["autoencoder"])
    goal = quality.Goal("autoencoder", ("--dataset", str(pictures)), (("mse", "<=", 0.0), ("psnr", ">=", 1)))
    cells = [cell.strip() for cell in quality.row("goal", goal, tmp_path).strip("|").split("|")]
    run = Run.open(runs["autoencoder"])
    assert cells[2].startswith(f"mse {run.metrics()['mse']:.4g}; psnr")
    assert cells[3] == "<= 0 (not reached); >= 1"
    _, model = run.load()
    counted = sum(value.numel() for value in model.state_dict().values())
    assert cells[4] == f"{counted:,}"
    assert 0 <= float(cells[5]) < 5


def test_an_unknown_goal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        quality.main(["mnist-cnov"])
    assert "no goal 'mnist-cnov'; choose from mnist-autoencoder" in capsys.readouterr().err


def test_a_run_cut_short_is_continued(here: None, pictures: Path, tmp_path: Path) -> None:
    words = ("autoencoder", "--dataset", str(pictures), "--epochs", "1")
    run = runs.train(tmp_path / "run", *words)
    (run / "metrics.json").unlink()
    assert runs.train(run, *words) == run
    assert Run.open(run).metrics()["images"] == 15


@pytest.mark.parametrize(("more", "code"), [("--lr 1e-9 --epochs 1", 1), ("--epochs 30", 0)])
def test_alive_tells_the_dead(
    here: None, more: str, code: int, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--datasets",
        str(pictures),
        "--variants",
        "autoencoder",
        "--seeds",
        "0",
        "--keep",
        str(tmp_path),
    ]
    assert alive.main([*words, f"--train=--batch-size 20 {more}"]) == code
    said = capsys.readouterr().out
    assert ("NOT all outputs follow" in said) == bool(code)
    assert f"| {pictures} |" in said


def test_the_mean_image_s_error(pictures: Path) -> None:
    from diabolo.train.datasets import LoadRequest, load

    data = load(str(pictures), LoadRequest())
    mean = (data.train.images[:] / 255).mean(0)
    expected = np.square(data.test.images[:] / 255 - mean).mean()
    assert alive.mean_image_error(str(pictures)) == pytest.approx(expected)


def test_softmax_regression_tells_clusters_apart() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 3
    apart = (np.eye(3)[labels] * 8 + rng.standard_normal((400, 3))).astype(np.float32)
    assert selftaught.accuracy(apart, torch.from_numpy(labels)) > 99
    alike = rng.standard_normal((400, 3)).astype(np.float32)
    assert selftaught.accuracy(alike, torch.from_numpy(labels)) < 50


def test_softmax_regression_is_at_its_minimum() -> None:
    """The gradient of what is minimised is zero there."""
    torch.manual_seed(0)
    x, labels, decay = torch.cat([torch.randn(60, 4), torch.ones(60, 1)], 1), torch.arange(60) % 3, 1e-2
    weights = selftaught.softmax_regression(x, labels, decay)
    chances = (x @ weights).softmax(1) - torch.eye(3)[labels]
    gradient = x.T @ chances / 60
    gradient[:-1] += decay * weights[:-1]
    assert gradient.abs().max() < 1e-4
