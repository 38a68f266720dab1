"""Commands say which pictures look unlike the training images, without running the model twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.session._graphs import Graphs
from diabolo.ui.cli import main

MODEL = "mnist-vae-2d"


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six digits of another model, and two pictures of noise."""
    folder = tmp_path_factory.mktemp("mixed")
    other = Autoencoder.load("mnist-conv", device="cpu")
    assert other.codes is not None
    digits = (255 * other.decode(other.codes.latents[:6, :])).astype(np.uint8)
    for index, digit in enumerate(digits):
        Image.fromarray(digit[0]).save(folder / f"digit-{index}.png")
    for index, noise in enumerate(np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)):
        Image.fromarray(noise).save(folder / f"noise-{index}.png")
    return folder


@pytest.mark.parametrize("command", [["reconstruct"], ["encode", "-o", "codes.npz"]])
def test_they_are_named_and_counted(
    command: list[str], mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(*command, MODEL, mixed).stderr
    names = f"{mixed / 'noise-0.png'}, {mixed / 'noise-1.png'}"
    assert f"note: 2 of 8 look unlike the training images: {names}. Do not rely on their results." in told


def test_lines_and_json_give_the_measures(mixed: Path) -> None:
    lines = run("reconstruct", MODEL, mixed).stdout.splitlines()
    assert [" unlike the training images (" in line for line in lines] == 6 * [False] + 2 * [True] + [False]
    rows = json.loads(run("reconstruct", MODEL, mixed, "--json").stdout)["images"]
    assert [row["unlike"] for row in rows[:6]] == 6 * [[]]
    assert all("reconstruction" in row["unlike"] for row in rows[6:])


def test_encode_lists_them_in_json(mixed: Path, tmp_path: Path) -> None:
    told = json.loads(run("encode", MODEL, mixed, "-o", tmp_path / "codes.csv", "--json").stdout)
    assert [item["file"] for item in told["unlike"]] == [str(mixed / f"noise-{i}.png") for i in (0, 1)]
    header = (tmp_path / "codes.csv").read_text("utf-8").splitlines()[0]
    assert header == "file,latent_0,latent_1"  # other programs read it by column


def test_a_single_picture_is_told_why(mixed: Path) -> None:
    told = run("reconstruct", MODEL, mixed / "noise-0.png").stderr
    assert f"{mixed / 'noise-0.png'} looks unlike the training images: its " in told
    assert "looks unlike" not in run("reconstruct", MODEL, mixed / "digit-0.png").stderr


def test_many_are_cut_short(mixed: Path) -> None:
    noise = 3 * [mixed / "noise-0.png", mixed / "noise-1.png"] + [mixed]
    told = run("encode", MODEL, *noise, "-o", mixed.parent / "many.npz", "--overwrite").stderr
    assert "note: 8 of 14 look unlike" in told
    assert told.count("noise-") == 5
    assert " and 3 more. Do not rely" in told


def test_a_share_that_is_usual_is_said_to_be(mixed: Path, tmp_path: Path) -> None:
    """Each limit is exceeded by one of 200 test images, so a large folder always has some."""
    given = 14 * [mixed / f"digit-{index}.png" for index in range(6)] + [mixed / "noise-0.png"]
    told = run("encode", MODEL, *given, "-o", tmp_path / "codes.npy").stderr
    assert "note: 1 of 85 looks unlike the training images: " in told
    assert "Of images like the training images, up to 1.5 % are named as well." in told


def test_noise_that_denoise_removes_is_not_held_against_a_picture(mixed: Path, tmp_path: Path) -> None:
    """Noisy digits exceed every limit of the clean ones; the denoised ones do not."""
    digits = [mixed / f"digit-{index}.png" for index in range(6)]
    added = run("denoise", "mnist-denoising", *digits, "--noise", "gaussian:0.4", "--json").stdout
    assert [row["unlike"] for row in json.loads(added)["images"]] == 6 * [[]]
    noisy = tmp_path / "noisy"
    noisy.mkdir()
    for path in digits:
        clean = np.asarray(Image.open(path)) / 255
        values = clean + np.random.default_rng(0).normal(0, 0.4, clean.shape)
        Image.fromarray((255 * np.clip(values, 0, 1)).astype(np.uint8)).save(noisy / path.name)
    done = run("denoise", "mnist-denoising", noisy, "-o", tmp_path / "clean", "--json")
    assert [row["unlike"] for row in json.loads(done.stdout)["images"]] == 6 * [[]]
    told = run("reconstruct", "mnist-denoising", noisy).stderr
    assert "note: 6 of 6 look unlike" in told


def test_each_picture_is_encoded_and_decoded_once(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"encode": 0, "decode": 0, "reconstruct": 0}

    def counted(name: str) -> Any:
        original = getattr(Graphs, name)

        def count(self: Graphs, batch: Any) -> Any:
            counts[name] += len(batch)
            return original(self, batch)

        return count

    for name in counts:
        monkeypatch.setattr(Graphs, name, counted(name))
    run("reconstruct", MODEL, mixed)
    assert counts == {"encode": 8, "decode": 8 + 1000, "reconstruct": 0}  # 1,000 stored codes, once


def test_a_bundle_that_cannot_tell_says_nothing(tmp_path: Path) -> None:
    bundle = save_pair(tmp_path / "bare")
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    done = run("reconstruct", bundle, tmp_path / "white.png", "--json")
    assert json.loads(done.stdout)["images"][0]["unlike"] is None
    assert "unlike" not in done.stderr
    told = run("encode", bundle, tmp_path / "white.png", "-o", tmp_path / "a.npy", "--json").stdout
    assert json.loads(told)["unlike"] is None
