"""Recipes: options in a TOML file, and the command line wins."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diabolo.ui.cli import main

RECIPES = sorted((Path(__file__).parents[3] / "recipes").rglob("*.toml"))


def train(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", "sparse", *map(str, arguments)])


@pytest.fixture
def recipe(tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.toml"
    path.write_text(
        f'variant = "sparse"\ndataset = "{pictures.as_posix()}"\nepochs = 2\nlatent-dim = 5\n'
        'sparsity = 0.2\nimage_size = "12x16"\ngrey = true\n'
    )
    return path


def test_its_values_hold_and_the_command_line_wins(recipe: Path) -> None:
    done = train("--recipe", recipe, "--epochs", 1, "-o", "run")
    assert done.exit_code == 0, done.stderr
    config = json.loads(Path("run/config.json").read_text())
    assert config["epochs"] == 1
    assert config["latent_dim"] == 5
    assert config["variant_options"] == {"sparsity": 0.2, "sparsity_weight": 3.0}
    assert config["image_size"] == [12, 16]
    assert config["colour"] is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("epochs = ", "is not TOML"),
        ('variant = "vae"', "diabolo train vae --recipe"),
        ("epoch = 3", "Did you mean 'epochs'?"),
        ('epochs = "many"', "many"),
        ("resume = true", "resume"),
    ],
)
def test_what_is_wrong_is_told(recipe: Path, text: str | None, words: str) -> None:
    if text is None:
        recipe.unlink()
    else:
        recipe.write_text(text)
    done = train("--recipe", recipe, "--dataset", "glyphs", "-o", "run")
    assert done.exit_code == 2
    assert words in done.stderr
    assert not Path("run").exists()


def test_found() -> None:
    assert {"mnist-conv", "mnist-vae-dense", "cifar10-conv-128"} <= {path.stem for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_that_come_along(path: Path, pictures: Path, tmp_path: Path) -> None:
    values = tomllib.loads(path.read_text("utf-8"))
    small = ["--dataset", str(pictures), "--epochs", "1", "--latent-dim", "2", "-o", str(tmp_path / "run")]
    if "width" in values:
        small += ["--width", "8"]
    if "crop" in values:
        small += ["--crop", "16"]
    if "carry" in values:  # the latent holds the image
        small += ["--latent-dim", "18"]
    if "active" in values:
        small += ["--active", "1"]
    if "classes" in values:
        small += ["--classes", "bars,discs"]
    done = CliRunner().invoke(main, ["train", values["variant"], "--recipe", str(path), *small])
    assert done.exit_code == 0, done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["optimizer"] == values.get("optimizer", "adam")
    assert config["augment"] == values.get("augment", "")
    assert config["latent_dim"] == (18 if "carry" in values else 2)
