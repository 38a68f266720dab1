"""The benchmarks of the ready-made models and of holes: they find what is wrong, on small models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from _commands import in_this_process  # before the benchmarks: it says where they are

from benchmarks import holes, zoo
from diabolo.export import export_run
from diabolo.runtime.bundle import manifest
from diabolo.train import Config, Run


@pytest.fixture
def models(
    shelf: Path, runs: dict[str, Path], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A shelf with one model, and its recipe."""
    export_run(runs["vae"], shelf / "small")
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    about = json.loads((shelf / "small" / "model.json").read_text("utf-8"))
    (recipes / "small.toml").write_text(about["training"]["recipe"], "utf-8")
    monkeypatch.setattr(zoo, "RECIPES", recipes)
    monkeypatch.setattr(zoo, "data_of", lambda _: Run.open(runs["vae"]).data())
    return shelf / "small"


def change(model: Path, **metrics: Any) -> None:
    """Another card than the one that was exported, its digest made to fit."""
    document = json.loads((model / "model.json").read_text("utf-8"))
    document["exported"]["graphs"] |= metrics
    (model / "model.json").write_bytes(manifest.seal(document))


def test_all_hold(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo.main([]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("| small | "))
    about = json.loads((models / "model.json").read_text("utf-8"))
    assert row.split(" | ")[1] == f"{about['exported']['graphs']['mse']:.4g}"
    assert "1 models, " in out
    assert out.rstrip().endswith("all hold")


def test_a_card_that_says_too_much(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(models, mse=0.001)
    assert zoo.main([]) == 1
    assert "small: its card says mse 0.001, it is " in capsys.readouterr().out


def test_a_changed_file_another_recipe_and_a_model_too_large(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (models / "preview.png").open("ab") as file:
        file.write(b" ")
    recipe = zoo.RECIPES / "small.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("epochs", "patience"), "utf-8")
    shutil.copy(recipe, zoo.RECIPES / "other.toml")
    monkeypatch.setattr(zoo, "ONE", 1000)
    monkeypatch.setattr(zoo, "ALL", 1000)
    assert zoo.main([]) == 1
    out = capsys.readouterr().out
    for words in (
        "recipes without a model: other",
        "small: preview.png: ",
        "small: small.toml is not the recipe that its card shows",
        "MB, more than 0",
        "together they have ",
    ):
        assert words in out, words


def test_no_models_at_all(shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(zoo, "RECIPES", tmp_path)
    assert zoo.main([]) == 1


@pytest.mark.long
def test_rebuild(
    models: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = zoo.RECIPES / "small.toml"
    data = f'dataset = "{pictures.as_posix()}"'
    lines = [data if line.startswith("dataset") else line for line in recipe.read_text("utf-8").splitlines()]
    recipe.write_text("\n".join(lines), "utf-8")
    in_this_process(monkeypatch)
    assert zoo.main(["--rebuild", "small"]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| psnr")]
    assert len(rows) == 1
    assert float(rows[0][1]) == pytest.approx(float(rows[0][2].rstrip(" |")), rel=1e-3)
    change(models, mse=0.001)
    assert zoo.main(["--rebuild", "small"]) == 1


def test_holes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shares = {"autoencoder-0": 0.3, "autoencoder-1": 0.34, "vae-0": 0.1, "vae-1": 0.12}
    for name, share in shares.items():
        variant, seed = name.split("-")
        run = tmp_path / f"{variant}-2d-set-{seed}"
        run.mkdir()
        config = Config.make(variant, "glyphs").to_json()
        (run / "config.json").write_text(json.dumps(config | {"image_shape": [1, 8, 8]}), "utf-8")
        (run / "metrics.json").write_text(json.dumps({"holes": share}), "utf-8")
    words = ["--datasets", "set", "--seeds", "0", "1", "--keep", str(tmp_path)]
    assert holes.main(words) == 0
    assert "| set | autoencoder | 30.0% | 34.0% | 4.0% |" in capsys.readouterr().out
    (tmp_path / "vae-2d-set-1" / "metrics.json").write_text('{"holes": 0.27}', "utf-8")
    assert holes.main(words) == 1
    assert "NOT clearly" in capsys.readouterr().out
