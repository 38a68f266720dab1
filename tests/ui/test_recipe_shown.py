"""A run's settings as the recipe that a card shows, which trains it again."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from diabolo.train import Config, Run
from diabolo.train.run.recipe import recipe
from diabolo.ui.cli import main


def test_only_what_is_not_the_default() -> None:
    assert tomllib.loads(recipe(Config.make("autoencoder", "mnist"), "mnist")) == {
        "variant": "autoencoder",
        "dataset": "mnist",
        "latent-dim": 32,
    }


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_an_optimizer_s_own_rate_is_a_default(optimizer: str) -> None:
    text = recipe(Config.make("conv", "mnist", optimizer=optimizer), "mnist")
    assert "lr" not in tomllib.loads(text)
    assert ("optimizer" in tomllib.loads(text)) == (optimizer != "adam")


def test_the_recipe_trains_the_same_run_again(pictures: Path, tmp_path: Path) -> None:
    words = ["train", "denoising", "--dataset", pictures, "--noise", "masking:0.1-0.3", "--latent-dim", 3]
    words += ["--width", 8, "--epochs", 2, "--batch-size", 16, "--image-size", "10x8", "--augment", "flip"]
    words += ["--optimizer", "muon", "--weight-decay", 0.01, "--grey", "--seed", 3]
    first = CliRunner().invoke(main, [*map(str, words), "-o", str(tmp_path / "first")])
    assert first.exit_code == 0, first.stderr
    config = Run.open(tmp_path / "first").config
    (tmp_path / "recipe.toml").write_text(recipe(config, str(pictures)), "utf-8")
    again = ["train", "denoising", "--recipe", str(tmp_path / "recipe.toml"), "-o", str(tmp_path / "again")]
    second = CliRunner().invoke(main, again)
    assert second.exit_code == 0, second.stderr
    assert Run.open(tmp_path / "again").config == config
    weights = [(tmp_path / run / "model.safetensors").read_bytes() for run in ("first", "again")]
    assert weights[0] == weights[1]
