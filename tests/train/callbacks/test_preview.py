"""What `preview` writes while a training goes on, for pages that watch it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diabolo.train import Config, datasets, fit, resume
from diabolo.train.datasets import LoadRequest


def read(run: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run / "preview" / name).read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = Config.make("vae", str(pictures), latent_dim=2, epochs=2)
    return fit(config, tmp_path_factory.mktemp("previewed") / "run", preview=True).path


def test_the_progress_ends_at_the_last_epoch(run: Path) -> None:
    progress = read(run, "progress.json")
    assert (progress["epoch"], progress["epochs"], progress["finished"]) == (2, 2, True)
    assert progress["left"] == 0


def test_the_pictures_are_test_images_and_reconstructions_of_the_last_epoch(run: Path) -> None:
    shown = read(run, "epoch.json")
    assert shown["epoch"] == 2
    assert shown["rows"] == ["image", "reconstruction"]
    with Image.open(io.BytesIO(base64.b64decode(shown["picture"]))) as picture:
        assert picture.size == (16 * shown["columns"], 16 * 2)
        first = np.asarray(picture)[:16, :16]
    assert set(np.unique(first)) == {0, 255}  # a picture of the folder, which are black and white


def test_a_latent_of_two_numbers_has_a_map(run: Path, pictures: Path) -> None:
    shown = read(run, "epoch.json")
    assert shown["classes"] == ["bars", "discs"]
    assert (
        len(shown["points"]) == len(shown["labels"]) == len(datasets.load(str(pictures), LoadRequest()).test)
    )
    assert all(len(point) == 2 for point in shown["points"])


def test_the_preview_changes_no_weight(run: Path, pictures: Path, tmp_path: Path) -> None:
    plain = fit(Config.make("vae", str(pictures), latent_dim=2, epochs=2), tmp_path / "plain").path
    assert (plain / "history.csv").read_bytes() == (run / "history.csv").read_bytes()
    assert not (plain / "preview").exists()


def test_noise_has_a_row_and_a_larger_latent_no_map(pictures: Path, tmp_path: Path) -> None:
    config = Config.make("denoising", str(pictures), latent_dim=3, epochs=1)
    shown = read(fit(config, tmp_path / "run", preview=True).path, "epoch.json")
    assert shown["rows"] == ["image", "noisy", "reconstruction"]
    assert "points" not in shown


def test_a_continued_run_goes_on_in_it(pictures: Path, tmp_path: Path) -> None:
    path = fit(Config.make("autoencoder", str(pictures), epochs=1), tmp_path / "run").path
    resume(path, epochs=3, preview=True)
    assert read(path, "epoch.json")["epoch"] == 3
    assert read(path, "progress.json")["epoch"] == 3
