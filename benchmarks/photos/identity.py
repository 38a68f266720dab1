"""An over-complete autoencoder learns the identity; noise keeps it from doing so.

    DIABOLO_DATA=DIR python -m benchmarks.photos.identity [--epochs 2] [--picture FILE] [--keep RUNS]

trains the same network twice on BSDS500, or another `--dataset` of photographs: once as a plain autoencoder,
and once on noisy input. Its latent has 64 channels at stride 2: 16 numbers for every pixel of three, and
nothing in the network says how to use them. Prints, on the test pictures, the PSNR of what each makes of
clean pictures, and of pictures with gaussian noise of sigma 25 of 255: the plain one has learned to copy, and
returns most of the noise. `--picture` draws a scene with noise, as it is and as each model returns it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks._shared import runs, tables
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.runtime.image.photo.scene import scene
from diabolo.train import Run
from diabolo.train.datasets import Crops
from diabolo.train.evaluation.evaluate import reconstruct
from diabolo.train.evaluation.whole import pictures
from diabolo.train.model import Model

NOISE = NoiseSpec.parse("gaussian:0.098")  # sigma 25 of 255
SETTINGS = [
    "--crop",
    "64",
    "--batch-size",
    "32",
    "--optimizer",
    "muon",
    "--lr",
    "6e-3",
    "--precision",
    "auto",
]
SETTINGS += ["--network", "conv-spatial", "--activation", "relu", "--depth", "1", "--width", "64"]
SETTINGS += ["--blocks", "2", "--latent-dim", "64"]


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos.identity")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--dataset", default="bsds500", help="bsds500, or a folder of photographs")
    parser.add_argument("--picture", type=Path, help="where to write the picture")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those there")
    given = parser.parse_args(words)
    with runs.folder(given.keep) as kept:
        trained = {
            "plain": train(kept / "plain", "autoencoder", [], given),
            "denoising": train(kept / "denoising", "denoising", ["--noise", str(NOISE)], given),
        }
    tables.heading(
        "Over-complete, PSNR in dB", ("trained as", "clean pictures", "noisy pictures", "before it")
    )
    for name, (model, images) in trained.items():
        tables.row(name, *(f"{value:.2f}" for value in measured(model, images)))
    if given.picture:
        draw([model for model, _ in trained.values()], given.picture)


def train(folder: Path, variant: str, options: list[str], given: argparse.Namespace) -> tuple[Model, Crops]:
    """The model and its test pictures; a run that is in the folder already is used as it is."""
    words = ["--dataset", given.dataset, "--epochs", str(given.epochs), *SETTINGS, *options]
    run = Run.open(runs.train(folder, variant, *words))
    images = run.data().test.images
    assert isinstance(images, Crops)
    return run.load()[1].eval(), images


@torch.inference_mode()
def measured(model: Model, images: Crops) -> tuple[float, float, float]:
    """PSNR of what the model makes of clean pictures, of noisy ones, and of the noisy ones themselves."""
    rows = []
    for number, clean in pictures(images):
        noisy = add_noise(clean, NOISE, np.random.default_rng(number))
        found = reconstruct(model, clean), reconstruct(model, noisy), noisy
        rows.append([float(metrics.psnr(clean, each)[0]) for each in found])
    clean_psnr, noisy_psnr, before = np.mean(rows, 0)
    return float(clean_psnr), float(noisy_psnr), float(before)


@torch.inference_mode()
def draw(models: list[Model], path: Path) -> None:
    """The scene with noise, and what each model makes of it, side by side."""
    clean = scene()[None].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    noisy = add_noise(np.ascontiguousarray(clean), NOISE, np.random.default_rng(0))
    row = np.concatenate([noisy, *(reconstruct(model, noisy) for model in models)], axis=3)
    pixels = (row[0].clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(pixels).save(path, quality=85)  # if it is a JPEG


if __name__ == "__main__":
    main()
