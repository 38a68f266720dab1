"""A model that learned nothing: every command that shows its figures says so, and so does its card."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from diabolo.ui.cli import main

TOO_LOW = "at --lr 1e-09; the default is 0.003"
LITTLE, PCA = "this model has learned little", "this model is not better than PCA"


def said(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.fixture(scope="module")
def training(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run whose learning rate is too small to learn anything, and what its training printed."""
    run = tmp_path_factory.mktemp("poor") / "run"
    words = ["--epochs", 1, "--lr", 1e-9, "--width", 8, "--latent-dim", 4, "-o", run]
    return run, said("train", "autoencoder", "--dataset", pictures, *words)


@pytest.fixture(scope="module")
def exporting(training: tuple[Path, str]) -> tuple[Path, str]:
    bundle = training[0].with_name("bundle")
    return bundle, said("export", training[0], "-o", bundle)


def test_train_warns(training: tuple[Path, str]) -> None:
    assert TOO_LOW in training[1]
    assert "made only 1 step; small images get about 3,500 if --epochs is not given." in training[1]
    assert f"diabolo doctor {training[0]}" in training[1]


def test_evaluate_warns(training: tuple[Path, str]) -> None:
    told = said("evaluate", training[0])
    assert TOO_LOW in told
    assert "of the variance explained; MSE 0." in told


def test_export_warns(exporting: tuple[Path, str]) -> None:
    assert LITTLE in exporting[1]
    assert PCA in exporting[1]


def test_info_warns(exporting: tuple[Path, str]) -> None:
    told = said("info", exporting[0])
    assert f"warning {LITTLE}" in told
    assert f"warning {PCA}" in told


def test_the_card_warns(exporting: tuple[Path, str]) -> None:
    card = (exporting[0] / "README.md").read_text("utf-8")
    assert f"**Warning:** {LITTLE}" in card
    assert f"**Warning:** {PCA}" in card


def test_reconstruct_warns(exporting: tuple[Path, str], pictures: Path) -> None:
    told = said("reconstruct", exporting[0], pictures / "bars")
    assert "an anomaly of about 1 does not mean that an image is normal" in told
