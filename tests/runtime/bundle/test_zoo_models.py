"""The ready-made models that come along: sound, small, made by their recipes, and alive."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from _commands import ROOT  # before the benchmarks: it says where they are
from click.testing import CliRunner

from benchmarks import zoo
from diabolo.runtime import Autoencoder, Bundle, verify
from diabolo.runtime.bundle import zoo as ready
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.runtime.image.photo.scene import scene_for
from diabolo.ui.cli import main

NAMES = ready.names()
OF_ANY_SIZE = [name for name in NAMES if Bundle.open(ready.folder(name)).manifest.any_size]
OF_ONE_SIZE = [name for name in NAMES if name not in OF_ANY_SIZE]
BASE = ROOT / "recipes" / "models"
GAUSSIAN = "gaussian:0.05", "gaussian:0.1", "gaussian:0.2"
CAMERA = tuple(f"poisson-gaussian:{noise}" for noise in ("0.005/0.02+jpeg:90", "0.02/0.05+jpeg:60"))


def test_found() -> None:
    assert {"mnist-autoencoder", "mnist-autoencoder-2d", "mnist-vae", "mnist-vae-2d"} < set(NAMES)
    assert {"mnist-sparse", "notmnist-autoencoder", "notmnist-vae-2d"} < set(OF_ONE_SIZE)
    assert {"photos-denoising", "photos-denoising-grey", "photos-denoising-jpeg"} < set(OF_ANY_SIZE)
    assert "photos-conv" in OF_ANY_SIZE


@pytest.mark.parametrize("name", NAMES)
def test_sound_and_small_and_by_its_recipe(name: str) -> None:
    checks = verify(name, device="cpu")
    assert all(check.ok for check in checks), checks
    about = Autoencoder.load(name, device="cpu").manifest.document
    assert zoo.written(BASE / f"{name}.toml") == about["training"]["recipe"]
    assert zoo.size_of(ready.folder(name)) <= zoo.ONE
    settings = json.dumps(about["training"]["settings"])
    assert not re.search(r"(?<!\d)/", settings)  # no path of the machine that trained it


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
    crop = about["training"]["settings"].get("crop")
    what = f"crops of {crop} x {crop} pixels" if crop else "images"
    assert f"{about['training']['images'] - about['training']['held_out']:,} {what}" in card
    assert f"seed {about['training']['seed']}" in card
    assert about["training"]["recipe"] in card
    if "published" in about["dataset"]:
        assert f"{about['dataset']['published']:,}" in card


@pytest.mark.parametrize("name", OF_ONE_SIZE)
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


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_it_makes_something_good_of_a_picture_at_its_own_size(name: str) -> None:
    model = Autoencoder.load(name, device="cpu")
    drawn = np.asarray(scene_for(model.manifest, 1).crop((101, 60, 268, 207)), np.float32)
    clean = drawn.reshape(1, 147, 167, -1).transpose(0, 3, 1, 2) / np.float32(255)
    if model.manifest.noise_spec is None:
        assert metrics.psnr(clean, model.reconstruct(clean))[0] > 25
        return
    camera = "jpeg" in str(model.manifest.noise_spec)
    for kind in CAMERA if camera else GAUSSIAN:
        noisy = add_noise(clean, NoiseSpec.parse(kind), np.random.default_rng(0))
        before, after = (metrics.psnr(clean, image)[0] for image in (noisy, model.denoise(noisy)))
        assert after > before + 7
    assert metrics.psnr(clean, model.denoise(clean))[0] > 40  # and leaves a clean one alone


@pytest.mark.parametrize("name", NAMES)
def test_no_image_of_a_data_set_is_in_it(name: str) -> None:
    """What pictures there are were decoded or drawn; the only images are the golden ones."""
    model = Autoencoder.load(name, device="cpu")
    golden = model.manifest.golden
    kinds = {entry.role for entry in model.manifest.files.values()}
    if name in OF_ANY_SIZE:
        assert golden.image.shape[2:] == (24, 24)  # a gradient with noise
        assert kinds == {"encoder", "decoder", "preview", "card"}
        return
    mean = model.decode(model.manifest.latent_mean[None])
    np.testing.assert_allclose(golden.image, mean, atol=0.1)
    assert kinds == {"encoder", "decoder", "codes", "preview", "map", "card"}
