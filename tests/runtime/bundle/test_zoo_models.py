"""The ready-made models that come along: sound, small, made by their recipes, and alive."""

from __future__ import annotations

import json

import numpy as np
import pytest
from _commands import ROOT  # before the benchmarks: it says where they are
from click.testing import CliRunner

from benchmarks import zoo
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import zoo as ready
from diabolo.ui.cli import main

NAMES = ready.names()
BASE = ROOT / "recipes" / "models"


def test_found() -> None:
    assert {"mnist-autoencoder", "mnist-autoencoder-2d", "mnist-vae", "mnist-vae-2d"} < set(NAMES)
    assert {"mnist-sparse", "notmnist-autoencoder", "notmnist-vae-2d"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_sound_and_small_and_by_its_recipe(name: str) -> None:
    checks = verify(name, device="cpu")
    assert all(check.ok for check in checks), checks
    about = Autoencoder.load(name, device="cpu").manifest.document
    assert zoo.written(BASE / f"{name}.toml") == about["training"]["recipe"]
    assert zoo.size_of(ready.folder(name)) <= zoo.ONE
    assert "/" not in json.dumps(about["training"]["settings"])  # no path of the machine that trained it


def test_the_listing_says_what_the_graphs_reach() -> None:
    done = CliRunner().invoke(main, ["models", "--json"])
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert sorted(rows) == NAMES
    for name, row in rows.items():
        m = Autoencoder.load(name, device="cpu").manifest
        said = m.metrics if m.noise else m.document["exported"]["graphs"]
        assert row["metrics"]["mse"] == said["mse"]


def test_small_together() -> None:
    assert sum(zoo.size_of(ready.folder(name)) for name in NAMES) <= zoo.ALL


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_matters(name: str) -> None:
    about = Autoencoder.load(name, device="cpu").manifest.document
    card = (ready.folder(name) / "README.md").read_text("utf-8")
    assert card.startswith(f"# {name}\n")
    assert f"{about['exported']['graphs']['mse']:.5f}" in card
    assert about["dataset"]["licence"] in card
    assert f"{about['training']['images'] - about['training']['held_out']:,} images" in card
    assert f"seed {about['training']['seed']}" in card
    assert about["training"]["recipe"] in card
    if "published" in about["dataset"]:
        assert f"{about['dataset']['published']:,}" in card


@pytest.mark.parametrize("name", NAMES)
def test_its_output_follows_its_latent(name: str) -> None:
    model = Autoencoder.load(name, device="cpu")
    codes, density = model.codes, model.density
    assert codes is not None
    assert density is not None
    assert len(codes.latents) >= 1000
    assert set(codes.labels if codes.labels is not None else ()) == set(range(len(model.manifest.classes)))
    images = model.decode(codes.latents[:200])
    assert np.isfinite(images).all()
    assert images.std(0).mean() > 0.05  # of pixels, from image to image
    again = model.encode(images)
    assert np.corrcoef(again.ravel(), codes.latents[:200].ravel())[0, 1] > 0.7
    assert 0.2 < density.rank(codes.latents).mean() < 0.8


@pytest.mark.parametrize("name", NAMES)
def test_no_image_of_a_data_set_is_in_it(name: str) -> None:
    """What pictures there are were decoded; the only image is the golden one."""
    model = Autoencoder.load(name, device="cpu")
    golden = model.manifest.golden
    mean = model.decode(model.manifest.latent_mean[None])
    np.testing.assert_allclose(golden.image, mean, atol=0.1)
    kinds = {entry.role for entry in model.manifest.files.values()}
    assert kinds == {"encoder", "decoder", "codes", "preview", "map", "card"}
