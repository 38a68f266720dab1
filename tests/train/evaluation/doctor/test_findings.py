"""Every fault is found by its name, and a sound run is not accused, by figures as a run would write them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _evidence import SOUND, TRAINED, evidence, history

from diabolo.runtime import Bundle
from diabolo.runtime.bundle import zoo
from diabolo.train import variants
from diabolo.train.evaluation.doctor import CHECKS, DataFacts, PictureFacts, diagnose, in_short

ROOT = Path(__file__).parents[4]
OVERFIT = (0.0139, 0.0085, 0.0067, 0.0072, 0.0079, 0.0084, 0.0088, 0.009)
SPIKED = (0.0139, 0.0085, 0.0067, 0.0131, 0.0085, 0.0070, 0.0060, 0.0059)
SLOW = (0.079, 0.078, 0.076, 0.074, 0.072, 0.070, 0.062, 0.050)
NOTHING = {"mse": 0.0789, "explained_variance": 0.002, "training_explained_variance": 0.003}
SAME = {"reconstruction_variance": 1e-6, "reconstruction_contrast": 0.15}

FAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "posterior-collapse": [
        ("vae", {"figures": NOTHING | SAME | {"active_units": 0, "kl_by_dimension": [0.001] * 20}})
    ],
    "unused-dimensions": [
        ("vae", {"figures": {"active_units": 3, "kl_by_dimension": [4.0] * 3 + [0.0] * 17}})
    ],
    "kl-without-effect": [
        ("vae", {"variant_options": {"beta": 0.0}}),
        ("vae", {"figures": {"code_deviation": 9.5}, "variant_options": {"beta": 1e-4}}),
    ],
    "warm-up-too-long": [("vae", {"variant_options": {"kl_warmup": 8.0}})],
    "dead-output": [("autoencoder", {"figures": SAME | NOTHING | {"reconstruction_contrast": 0.001}})],
    "same-output": [("sparse", {"figures": SAME | NOTHING})],
    "dead-units": [
        ("sparse", {"figures": {"activity_by_unit": [0.0001] * 40 + [0.1] * 156}}),
        ("topk", {"figures": {"dead_units": 40}}),
        ("topk", {"figures": {"dead_units": 200}, "variant_options": {"revival_weight": 0.0}}),
    ],
    "rho-not-reached": [("sparse", {"figures": {"activity_by_unit": [0.3] * 196}})],
    "unused-codebook": [("vq", {"figures": {"codebook_used": 0.05}})],
    "overfitting": [
        ("autoencoder", {"history": history(OVERFIT)}),
        ("conv", {"figures": {"explained_variance": 0.5, "training_explained_variance": 0.99, "mse": 0.04}}),
    ],
    "learning-rate-too-high": [
        ("autoencoder", {"failed": {"epoch": 2, "step": 3}, "figures": {}}),
        ("autoencoder", {"history": history(SPIKED)}),
        ("autoencoder", {"lr": 0.5, "figures": NOTHING | SAME}),
    ],
    "learning-rate-too-low": [
        ("autoencoder", {"lr": 1e-5, "history": history(SLOW)}),
        ("autoencoder", {"lr": 1e-9, "figures": NOTHING | {"reconstruction_variance": 0.02}}),
    ],
    "too-few-epochs": [
        ("autoencoder", {"history": history(SLOW)}),
        ("autoencoder", {"learned": 300, "figures": {"mse": 0.06, "explained_variance": 0.2}}),
    ],
    "latent-too-wide": [("autoencoder", {"latent_dim": 784}), ("conv", {"latent_dim": 1000})],
    "noise-too-strong": [
        (
            "denoising",
            {"figures": {"noisy_psnr": 4.0, "denoised_mse": 0.07, "denoised_explained_variance": 0.1}},
        )
    ],
    "noise-too-weak": [("denoising", {"figures": {"noisy_psnr": 40.2, "denoised_psnr": 26.0}})],
    "noise-not-removed": [("denoising", {"figures": {"denoised_psnr": 12.0}})],
    "learned-little": [("autoencoder", {"figures": NOTHING | {"mse": 0.07, "explained_variance": 0.115}})],
    "not-better-than-pca": [("autoencoder", {"figures": {"mse": 0.021, "explained_variance": 0.73}})],
    "too-few-images": [("autoencoder", {"learned": 40})],
    "too-few-test-images": [("autoencoder", {"figures": {"images": 3}})],
}
DATA = DataFacts(looked_at=1200, tested=200, test=200, classes=3, border=0.02)
IN_IMAGES: dict[str, dict[str, Any]] = {
    "constant-images": {"constant": 30, "constant_at": "image 4 of the test split"},
    "duplicate-images": {"duplicates": 50, "duplicate_at": "image 4 of the test split is image 2"},
    "test-images-in-train": {"leaked": 20, "leaked_at": "image 4 of the test split is image 2"},
    "class-missing": {"missing": {"test": ["C"]}},
}
PICTURES = PictureFacts(count=10, inverted=0.1, border=0.03, values=(0.0, 0.98))
IN_PICTURES: dict[str, dict[str, Any]] = {
    "inverted-images": {"inverted": 0.9, "border": 0.97},
    "wrong-range": {"values": (0.0, 0.06)},
}
ALL = [(name, *case) for name, cases in FAULTS.items() for case in cases]


@pytest.mark.parametrize(("name", "variant", "fault"), ALL, ids=[f"{each[0]}-{each[1]}" for each in ALL])
def test_a_fault_is_named_first(name: str, variant: str, fault: dict[str, Any]) -> None:
    found = diagnose(evidence(variant, **fault))
    assert found[0].name == name
    assert any(character.isdigit() for character in found[0].problem)
    assert found[0].see
    assert "--" in found[0].advice or "image" in found[0].advice


@pytest.mark.parametrize("name", IN_IMAGES)
def test_a_fault_of_the_images_is_named(name: str) -> None:
    (found,) = diagnose(evidence(data=replace(DATA, **IN_IMAGES[name])))
    assert found.name == name
    assert any(character.isdigit() for character in found.problem)


@pytest.mark.parametrize("name", IN_PICTURES)
def test_a_fault_of_the_pictures_given_is_named(name: str) -> None:
    (found,) = diagnose(evidence(data=DATA, pictures=replace(PICTURES, **IN_PICTURES[name])))
    assert found.name == name


@pytest.mark.parametrize("variant", SOUND)
def test_a_sound_run_is_not_accused(variant: str) -> None:
    sound = evidence(variant, data=DATA, pictures=PICTURES)
    assert diagnose(sound) == []
    assert in_short(diagnose(sound), "run") == []


@pytest.mark.parametrize("model", zoo.names())
def test_figures_of_ready_made_models_are_not_accused(model: str) -> None:
    manifest = Bundle.open(model).manifest
    kind = {"conv": "conv", "denoising": "denoising", "sparse": "sparse", "vae": "vae"}
    variant = next((kind[part] for part in model.split("-") if part in kind), "autoencoder")
    found = diagnose(replace(evidence(variant), figures=manifest.metrics, image_shape=manifest.image_shape))
    assert found == []


def test_sound_units_of_a_plain_autoencoder_with_sigmoids_are_not_accused() -> None:
    """--sparsity-weight 0 asks for no activity."""
    plain = evidence("sparse", variant_options={"sparsity_weight": 0.0}, figures={"activity_by_unit": [0.5]})
    assert diagnose(plain) == []


def test_a_loss_that_rises_with_beta_is_no_spike() -> None:
    rising = history((160.0, 120.0, 240.0, 200.0, 110.0, 105.0, 103.0, 102.0), TRAINED)
    warm = evidence("vae", variant_options={"kl_warmup": 3.0}, history=rising)
    assert diagnose(warm) == []
    assert [found.name for found in diagnose(evidence("vae", history=rising))] == ["learning-rate-too-high"]


def test_what_an_old_run_lacks_is_left_out() -> None:
    """Runs of older releases have fewer figures, and no figure is what it should be in a damaged file."""
    odd = {"mse": None, "kl_by_dimension": "x", "active_units": [], "images": {}}
    for figures in ({}, {"mse": 0.01}, odd):
        for variant in variants.names():
            assert diagnose(replace(evidence(variant), figures=figures, history=[], latent_size=None)) == []
            assert diagnose(replace(evidence(variant), figures=figures, history=[{"epoch": 1.0}])) == []


def test_the_end_of_a_training_takes_two_lines_at_most() -> None:
    poor = evidence("autoencoder", latent_dim=784, learned=40, figures={"images": 3, "mse": 0.03})
    first, second = in_short(diagnose(poor), "my run")
    assert first.startswith("warning: ")
    assert "Try: " in first
    assert second.endswith("diabolo doctor 'my run'")
    assert "not-better-than-pca" in second
    assert "too-few-test-images" not in second  # a note


def test_every_check_has_a_planted_fault_and_the_page_names_it() -> None:
    planted = {*FAULTS, *IN_IMAGES, *IN_PICTURES, "variant-warning"}
    assert len(planted) >= len(CHECKS)
    assert planted <= set(re.findall(r"`([a-z-]+)`", (ROOT / "docs" / "doctor.md").read_text("utf-8")))


def test_advice_names_options_that_the_variant_has() -> None:
    weak = {"noisy_psnr": 45.0, "denoised_psnr": 30.0, "denoised_explained_variance": 0.9}
    (found,) = diagnose(evidence("masked", figures=weak, variant_options={"mask_share": "0-0.01"}))
    assert "--mask-share than 0-0.01" in found.advice
    assert "--noise" not in found.advice
    options = {"quantiser": "fsq", "vectors": 512}
    (found,) = diagnose(evidence("vq", figures={"codebook_used": 0.05}, variant_options=options))
    assert "fsq" not in found.advice
    assert "--vectors" not in found.advice
