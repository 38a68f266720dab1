"""Noise as photographs have it, from the training to the bundle and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from diabolo.export import export_run
from diabolo.runtime import Autoencoder, NoiseSpec, add_noise
from diabolo.train import Config, fit
from diabolo.ui.cli import main

NOISE = "poisson-gaussian:0-0.02/0-0.1"


@pytest.mark.parametrize("noise", [NOISE, f"{NOISE}+jpeg:40-90"])
def test_from_the_training_to_the_commands(pictures: Path, tmp_path: Path, noise: str) -> None:
    options = {"noise": noise, "clip": False}
    config = Config.make("denoising", str(pictures), epochs=1, latent_dim=4, variant_options=options)
    run = fit(config, tmp_path / "run")
    levels = run.metrics()["by_level"]
    assert [row["level"] for row in levels] == [0, 0.0067, 0.0133, 0.02]
    assert levels[-1]["noise"] == "poisson-gaussian:0.02/0.1" + ("+jpeg:40" if "jpeg" in noise else "")
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path / "run")])
    assert done.exit_code == 0, done.stderr
    assert levels[-1]["noise"] in done.stdout
    bundle = export_run(tmp_path / "run", tmp_path / "bundle").path
    model = Autoencoder.load(bundle, device="cpu")
    m = model.manifest
    assert m.noise_spec == NoiseSpec.parse(noise, clip=False)
    assert m.document["format_version"] == 4
    images = np.random.default_rng(0).random((2, *m.image_shape), np.float32)
    assert model.denoise(add_noise(images, m.noise_spec, np.random.default_rng(0))).shape == images.shape
    assert f"noise {noise}, also unclipped" in (bundle / "README.md").read_text("utf-8")
    done = CliRunner().invoke(main, ["info", str(bundle)])
    assert f"{noise}, also unclipped" in done.stdout
    picture = str(next(pictures.rglob("*.png")))
    arguments = ["denoise", str(bundle), picture, "--noise", noise, "--no-clip", "--json"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["images"][0]["psnr"] > 0
