"""The commands, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diabolo.runtime import _discovery
from diabolo.train import variants
from diabolo.ui.cli import main

COMMANDS = _discovery.names("diabolo.ui.cli")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_what_must_be_there_is_found() -> None:
    assert {"train", "evaluate", "export", "verify", "info", "models", "ui", "demo"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = call(command, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.stdout
    assert command in call("--help").stdout


@pytest.mark.parametrize("variant", variants.names())
def test_every_variant_has_help(variant: str) -> None:
    done = call("train", variant, "--help")
    assert done.exit_code == 0
    assert "--dataset" in done.stdout


def test_the_whole_way(pictures: Path, tmp_path: Path) -> None:
    run, bundle = tmp_path / "run", tmp_path / "bundle"
    done = call("train", "sparse", "--dataset", pictures, "--epochs", 2, "--sparsity", 0.2, "-o", run)
    assert done.exit_code == 0, done.stderr
    assert "mse" in done.stdout
    assert json.loads((run / "config.json").read_text())["variant_options"]["sparsity"] == 0.2
    assert call("train", "sparse", "--resume", "-o", run, "--epochs", 3).exit_code == 0
    assert "activity" in call("evaluate", run, "--json").stdout
    exported = call("export", run, "-o", bundle)
    assert exported.exit_code == 0, exported.stderr
    assert "largest difference" in exported.stderr
    assert call("verify", bundle, "--device", "cpu").exit_code == 0
    assert "sparse" in call("info", bundle).stdout
    (bundle / "codes.npz").unlink()
    assert call("verify", bundle).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trian"], 2, "Did you mean 'train'"),
        (["train", "vea", "--dataset", "glyphs"], 2, "Did you mean 'vae'"),
        (["train", "vae", "--dataset", "mnits"], 2, "Did you mean 'mnist'"),
        (["train", "vae"], 2, "--dataset"),
        (["train", "vae", "--dataset", "glyphs", "--lr", "0"], 2, "lr"),
        (["train", "conv", "--dataset", "glyphs", "--network", "dense"], 2, "--network conv"),
        (["train", "denoising", "--dataset", "glyphs", "--noise", "snow:1"], 2, "gaussian"),
        (["train", "vae", "--dataset", "glyphs", "--image-size", "x"], 2, "--image-size"),
        (["train", "vae", "--dataset", "glyphs", "--sparsity", "1"], 2, "--sparsity"),
        (["export", "nowhere"], 1, "not a run"),
        (["info", "nowhere"], 1, "no bundle"),
        (["verify", "nowhere"], 1, "no bundle"),
        (["evaluate", "nowhere"], 1, "not a run"),
        (["ui"], 2, "diabolo demo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_told(
    arguments: list[str],
    code: int,
    words: str,
    shelf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert not done.stdout
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_without_images_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = call("train", "vae", "--dataset", tmp_path / "empty", "-o", tmp_path / "run")
    assert done.exit_code == 1
    assert "empty" in done.stderr
    assert not (tmp_path / "run").exists()


def test_an_existing_run_is_kept(runs: dict[str, Path], pictures: Path) -> None:
    done = call("train", "vae", "--dataset", pictures, "-o", runs["vae"])
    assert done.exit_code == 1
    assert "--resume" in done.stderr


@pytest.mark.long
def test_the_demo_without_its_app(tmp_path: Path) -> None:
    done = call("demo", "--epochs", 1, "--no-app", "-o", tmp_path / "demo")
    assert done.exit_code == 0, done.stderr
    assert "3/4 verify" in done.stderr
    assert call("verify", tmp_path / "demo" / "glyphs-demo").exit_code == 0
