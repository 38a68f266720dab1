"""Training on crops: resumed, with noisy copies; measured on whole pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _images import sample
from _stopper import Stopper
from PIL import Image

from diabolo.export import export_run
from diabolo.runtime.image import metrics
from diabolo.train import Config, Run, fit, resume
from diabolo.train.batches.held_out import counted
from diabolo.train.budget import augmentation
from diabolo.train.datasets import Crops, ImageData, Pictures, Split
from diabolo.train.errors import OptionError, StoppedError
from diabolo.train.evaluation import plots
from diabolo.train.evaluation.evaluate import numbered_pairs, reconstruct
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import Loss, denoising

SHAPES = [(40, 33), (32, 50), (37, 32), (64, 40), (32, 32), (45, 45), (50, 33), (33, 61)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Pictures of several sizes, and their negatives as noisy copies."""
    for name in ("clean", "noisy"):
        (tmp_path / name).mkdir()
    for number, (height, width) in enumerate(SHAPES):
        picture = sample("RGB", width // 8 + 1, height // 8 + 1, seed=number).resize((width, height))
        picture.save(tmp_path / "clean" / f"{number}.png")
        Image.fromarray(255 - np.asarray(picture)).save(tmp_path / "noisy" / f"{number}.png")
    return tmp_path / "clean", tmp_path / "noisy"


def settings(folder: Path, noisy: Path | None = None, **more: Any) -> Config:
    given = {"crop": 16, "network": "conv-spatial", "width": 4, "epochs": 3, "batch_size": 7, "device": "cpu"}
    return Config.make(
        "denoising", str(folder), latent_dim=4, precision="fp32", noisy=noisy and str(noisy), **given | more
    )


def weights(run: Run) -> dict[str, torch.Tensor]:
    return run.read_tensors("model.safetensors")


@pytest.mark.parametrize("paired", [False, True])
def test_resumed_within_an_epoch(folders: tuple[Path, Path], tmp_path: Path, paired: bool) -> None:
    config = settings(folders[0], folders[1] if paired else None)
    whole = fit(config, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(config, tmp_path / "parts", callback=Stopper(6))
    parts = resume(tmp_path / "parts")
    for name, value in weights(whole).items():
        assert torch.equal(weights(parts)[name], value), name
    assert parts.history() == whole.history()
    assert parts.metrics() == whole.metrics()


def test_given_copies_are_changed_as_their_pictures_are(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, seen = denoising.Variant.loss, []

    def watched(self: Any, model: Model, image: torch.Tensor, step: Step) -> Loss:
        if step.noisy is not None:
            seen.append(float((image + step.noisy - 1).abs().max()))
        return really(self, model, image, step)

    monkeypatch.setattr(denoising.Variant, "loss", watched)
    fit(settings(*folders, epochs=1, augment="shift:2,rotate:20,flip,mix:0.5"), tmp_path / "run")
    assert len(seen) > 5
    assert max(seen) < 1e-5


def test_metrics_of_whole_pictures_and_given_copies(folders: tuple[Path, Path], tmp_path: Path) -> None:
    run = fit(settings(*folders), tmp_path / "run")
    figures, crops = run.metrics(), run.data().test.images
    assert isinstance(crops, Crops)
    assert figures["images"] == crops.count
    _, model = run.load()
    before, after = [], []
    for _, both in crops.stacked().whole(99):
        clean, noisy = np.split(both[None].astype(np.float32) / np.float32(255), 2, axis=1)
        before.append(metrics.psnr(clean, noisy)[0])
        with torch.inference_mode():
            out = reconstruct(model, noisy)
        after.append(metrics.psnr(clean, out)[0])
    assert figures["noisy_psnr"] == pytest.approx(np.mean(before), abs=1e-4)
    assert figures["denoised_psnr"] == pytest.approx(np.mean(after), abs=1e-4)
    assert figures["loss"] == pytest.approx(figures["denoised_mse"], rel=0.2)  # that of padded pictures
    assert "by_level" not in figures
    assert figures["pca_denoised_mse"] > figures["pca_mse"]


def test_what_the_manifest_says_of_given_noise(folders: tuple[Path, Path], tmp_path: Path) -> None:
    run = fit(settings(*folders, epochs=1), tmp_path / "run")
    document = json.loads((export_run(run.path).path / "model.json").read_text("utf-8"))
    low, high = document["noise"]["level"]
    assert document["noise"]["kind"] == "given"
    assert low == high == pytest.approx(10 ** (-run.metrics()["noisy_psnr"] / 20))
    assert str(tmp_path) not in json.dumps(document)
    assert document["training"]["settings"]["crop"] == 16


def test_numbered_pairs(folders: tuple[Path, Path]) -> None:
    pictures = Pictures.of([np.full((1, 16, 20), value, np.uint8) for value in (0, 51)])
    other = Pictures.of([np.full((1, 16, 20), value, np.uint8) for value in (255, 204)])
    for crops, expected in ((Crops(pictures, 16), None), (Crops(pictures, 16, noisy=other), 1.0)):
        for whole in (False, True):
            for _, clean, noisy in numbered_pairs(crops, whole=whole):
                assert clean.shape[3] == (20 if whole else 16)
                assert clean.flags.c_contiguous
                assert (noisy is None) == (expected is None)
                assert noisy is None or np.allclose(clean + noisy, 1)


def test_crops_with_detail_are_shown() -> None:
    rng = np.random.default_rng(0)
    flat, busy = np.zeros((1, 64, 64), np.uint8), rng.integers(0, 256, (1, 64, 64), np.uint8)
    crops = Crops(Pictures.of([flat, busy, flat, busy, busy]), 16)
    assert set(crops.numbers[plots._detailed(crops)]) == {1, 3, 4}


def test_counted() -> None:
    one = Crops(Pictures.of([np.zeros((1, 64, 64), np.uint8)]), 16)
    assert counted(one) == "16 crops of 1 picture"
    assert counted(np.zeros((2000, 1, 8, 8), np.uint8), "images") == "2,000 images"


def test_crops_are_not_augmented_unless_asked_for(tmp_path: Path) -> None:
    config = Config.make("autoencoder", str(tmp_path), crop=16, network="conv-spatial")
    assert augmentation(config, 100, (3, 16, 16)) == ""
    assert augmentation(Config.make("autoencoder", str(tmp_path)), 100, (3, 16, 16))
    own = Config.make("autoencoder", str(tmp_path), crop=16, augment="shift:2", network="conv-spatial")
    assert augmentation(own, 100, (3, 16, 16)) == "shift:2"


@pytest.mark.parametrize(
    ("variant", "given", "told"),
    [
        ("vae", {"noisy": "n", "crop": 16}, r"--noisy is for the variant denoising.*train denoising"),
        ("denoising", {"noisy": "n"}, r"--noisy needs --crop.*Add --crop 64"),
        (
            "denoising",
            {"noisy": "n", "crop": 16, "variant_options": {"noise": "gaussian:0.1"}},
            r"--noise adds noise, and --noisy gives.*Leave one of them out",
        ),
        ("denoising", {"crop": 16, "image_size": (32, 32)}, r"Leave --image-size out, or --crop"),
        ("denoising", {"crop": 16, "resize": "pad"}, r"Leave --resize out, or --crop"),
        ("denoising", {"crop": 20}, r"a multiple of 8 from 16 to 512"),
    ],
)
def test_options_that_do_not_go_together(variant: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        Config.make(variant, "photos", **given)


def test_one_training_picture_is_too_few() -> None:
    from diabolo.train.batches.held_out import split

    crops = Split(images=Crops(Pictures.of([np.zeros((1, 64, 64), np.uint8)]), 16))
    with pytest.raises(OptionError, match="1 training image is too few"):
        split(ImageData(name="a", train=crops, test=crops), 0)
    split(ImageData(name="a", train=crops, test=crops, validation=crops), 0)
