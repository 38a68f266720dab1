"""How much a training works if nobody says: by the number and the size of the images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from diabolo.train import Config, fit, resume, variants
from diabolo.train.budget import (
    announced,
    augmentation,
    decide,
    epochs_since_validation,
    few_steps,
    flops_per_image,
)
from diabolo.train.callbacks import BaseCallback
from diabolo.train.errors import RunError

CHEAP = 10**7  # floating-point operations per image, as of an image of 28 x 28 on the network `dense`


@pytest.mark.parametrize(
    ("images", "epochs", "batch_size", "every"),
    [
        (9, 3500, 16, 70),
        (300, 184, 16, 3),
        (1500, 74, 32, 1),
        (5000, 88, 128, 1),
        (55000, 10, 128, 1),  # MNIST
        (45834, 10, 128, 1),  # CIFAR-10
        (10**6, 4, 128, 1),  # as many as the bound allows
    ],
)
def test_the_number_of_images_decides(images: int, epochs: int, batch_size: int, every: int) -> None:
    config = decide(Config.make("autoencoder", "glyphs"), images, CHEAP)
    assert (config.epochs, config.batch_size, config.validate_every) == (epochs, batch_size, every)


def test_large_images_get_small_batches_and_then_fewer_steps() -> None:
    config = Config.make("conv", "glyphs")
    assert decide(config, 5000, 3 * 10**8).batch_size == 32
    large = decide(config, 5000, 10**10)
    assert (large.epochs, large.batch_size) == (1, 16)


def test_what_the_user_says_wins() -> None:
    told = decide(Config.make("conv", "glyphs", epochs=300), 9, CHEAP)
    assert (told.epochs, told.batch_size, told.validate_every) == (300, 128, 1)
    told = decide(Config.make("conv", "glyphs", batch_size=3, validate_every=7), 9, CHEAP)
    assert (told.epochs, told.batch_size, told.validate_every) == (1167, 3, 7)


@pytest.mark.parametrize(
    ("images", "given", "expected"),
    [
        (11, {}, "shift:3,rotate:10,zoom:0.1,mix:0.5"),
        (299, {}, "shift:3,rotate:10,zoom:0.1,mix:0.5"),
        (300, {}, "shift:3,rotate:10,zoom:0.1"),
        (999, {}, "shift:3,rotate:10,zoom:0.1"),
        (1000, {}, ""),
        (11, {"epochs": 5}, ""),  # as it always was
        (11, {"augment": "none"}, "none"),
        (11, {"augment": ""}, ""),
        (5000, {"augment": "flip"}, "flip"),
    ],
)
def test_few_images_are_changed_unless_the_user_says_otherwise(
    images: int, given: dict[str, Any], expected: str
) -> None:
    assert augmentation(Config.make("conv", "glyphs", **given), images, (1, 40, 32)) == expected


def test_a_mean_over_the_batch_gets_enough_images() -> None:
    told = decide(Config.make("sparse", "glyphs"), 83, flops=1)
    assert (told.batch_size, told.epochs) == (128, 3500)
    assert decide(Config.make("sparse", "glyphs", batch_size=8), 83, flops=1).batch_size == 8
    assert decide(Config.make("vae", "glyphs"), 83, flops=1).batch_size == 16


def test_images_are_mixed_only_for_a_variant_that_they_suit() -> None:
    assert augmentation(Config.make("sparse", "glyphs"), 11, (1, 40, 32)) == "shift:3,rotate:10,zoom:0.1"


@pytest.mark.parametrize(("side", "expected"), [(4, "shift:1"), (28, "shift:2"), (2000, "shift:64")])
def test_shifts_go_with_the_size_of_the_images(side: int, expected: str) -> None:
    assert augmentation(Config.make("conv", "glyphs"), 9, (3, side, side + 5)).split(",")[0] == expected


@pytest.mark.parametrize(("every", "words"), [(70, "validated every 70 epochs"), (1, "after each epoch")])
def test_what_was_decided_is_said_in_words(every: int, words: str) -> None:
    config = Config.make("autoencoder", "glyphs", network="dense", width=4, epochs=3500, validate_every=every)
    said = announced(decide(config, 9, 0), 9, *config.build((1, 8, 8)))
    assert said.startswith("3,500 epochs with batch size 128, 3,500 steps in all, validated ")
    assert f"{words}: about " in said
    assert said.endswith("on cpu. Choose them yourself: --epochs, --batch-size")


def test_few_steps_are_told() -> None:
    assert "only 499 steps" in few_steps(499)
    assert few_steps(500) == ""


def test_counting_operations_leaves_model_and_random_state() -> None:
    torch.manual_seed(0)
    variant, model = Config.make("vae", "glyphs", latent_dim=4, network="dense", width=8).build((1, 8, 8))
    before, state = [p.clone() for p in model.parameters()], torch.get_rng_state()
    # layers of 64-8-8 (mean and variance) and 4-8-64; the images themselves need no gradient
    forward = 2 * (64 * 8 + 8 * 8 + 4 * 8 + 8 * 64)
    assert flops_per_image(variant, model) == 3 * forward - 2 * 64 * 8
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, before, model.parameters()))
    assert all(p.grad is None for p in model.parameters())


def test_epochs_since_the_last_validation() -> None:
    assert epochs_since_validation(7, 1, []) == 1
    assert epochs_since_validation(10, 5, [{"epoch": 5.0}]) == 5
    assert epochs_since_validation(12, 5, [{"epoch": 5.0}, {"epoch": 10.0}]) == 2
    assert epochs_since_validation(15, 5, [{"epoch": 10.0}, {"epoch": 12.0}]) == 3


def losses(run: Path) -> dict[float, float]:
    lines = (run / "history.csv").read_text().splitlines()
    head = lines[0].split(",")
    rows = [dict(zip(head, map(float, line.split(",")), strict=True)) for line in lines[1:]]
    return {row["epoch"]: row["loss"] for row in rows}


def test_the_rows_of_a_history_are_means_over_the_epochs_between(pictures: Path, tmp_path: Path) -> None:
    given = {"latent_dim": 2, "width": 8, "batch_size": 40}
    each = fit(Config.make("autoencoder", str(pictures), epochs=5, **given), tmp_path / "each")
    some = fit(
        Config.make("autoencoder", str(pictures), epochs=5, validate_every=2, **given), tmp_path / "some"
    )
    single, merged = losses(each.path), losses(some.path)
    assert list(merged) == [2, 4, 5]
    assert merged[2] == pytest.approx((single[1] + single[2]) / 2, rel=1e-6)
    assert merged[5] == pytest.approx(single[5], rel=1e-6)
    assert list(losses(resume(some.path, epochs=6).path)) == [2, 4, 5, 6]


def test_a_run_says_what_was_decided_and_keeps_it(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diabolo.train.budget._STEPS", 60)
    told: list[str] = []

    class Notes(BaseCallback):
        def note(self, text: str) -> None:
            told.append(text)

    run = fit(Config.make("conv", str(pictures), width=2), tmp_path / "run", callback=Notes())
    document = json.loads((run.path / "config.json").read_text())
    assert (document["epochs"], document["batch_size"]) == (10, 16)
    assert document["augment"] == "shift:1,rotate:10,zoom:0.1,mix:0.5"
    assert any("images are few" in text and "--augment none" in text for text in told), told
    assert any("10 epochs with batch size 16, " in text and "about" in text for text in told), told
    with pytest.raises(RunError, match="has all its 10 epochs"):
        resume(run.path)
    (run.path / "config.json").write_text(json.dumps(document | {"epochs": None}))
    with pytest.raises(RunError, match="it has no epochs"):
        resume(run.path)


@pytest.mark.parametrize("name", variants.names())
def test_every_variant_can_be_counted(name: str) -> None:
    assert flops_per_image(*Config.make(name, "glyphs").build((1, 16, 16))) > 0
