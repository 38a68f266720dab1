"""The VAE's likelihoods, its bound by importance samples, and what it reports, against hand-made cases."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from diabolo.runtime.errors import UnknownNameError
from diabolo.train import Config, fit, losses, resume, variants
from diabolo.train.callbacks import BaseCallback
from diabolo.train.datasets import Split
from diabolo.train.errors import OptionError
from diabolo.train.evaluation.evaluate import evaluate
from diabolo.train.evaluation.iwae_bound import iwae_bound
from diabolo.train.model import GaussianHead, Model
from diabolo.train.run import Run
from diabolo.train.run.recipe import recipe
from diabolo.train.step import Step

DIMENSIONS, VALUES = 3, 4


class Listener(BaseCallback):
    said = ""

    def note(self, text: str) -> None:
        self.said += text + "\n"


class Fixed(nn.Module):
    """An affine map; the same for every run."""

    def __init__(self, matrix: Tensor, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.matrix = nn.Parameter(matrix)
        self.shape = shape

    def forward(self, value: Tensor) -> Tensor:
        return (value.flatten(1) @ self.matrix).unflatten(1, self.shape)


def linear_model() -> Model:
    """x of 4 grey values, z of 3: a decoder of small weights, so that the sigmoid is nearly straight."""
    generator = torch.Generator().manual_seed(0)
    up = 0.2 * torch.randn(DIMENSIONS, VALUES, generator=generator)
    down = torch.randn(VALUES, 2 * DIMENSIONS, generator=generator)
    encoder = Fixed(0.3 * down, (2 * DIMENSIONS,))
    extras = {"log_deviation": torch.tensor(math.log(0.3))}
    return Model(encoder, Fixed(up, (1, 2, 2)), GaussianHead(), (1, 2, 2), (DIMENSIONS,), extras)


def test_the_bound_reaches_the_likelihood() -> None:
    """Against log p(x) by brute force over the prior, where that is possible: three dimensions."""
    variant = variants.make("vae", {"likelihood": "gaussian"})
    model = linear_model()
    images = np.random.default_rng(0).integers(60, 200, (5, 1, 2, 2)).astype(np.uint8)
    got = iwae_bound(variant, model, Split(images=images), samples=20_000)
    x = torch.from_numpy(images).float().flatten(1) / 255
    with torch.inference_mode():
        z = torch.randn(400_000, DIMENSIONS, generator=torch.Generator().manual_seed(1))
        mean = model.decode(z).flatten(1)
        normal = torch.distributions.Normal(mean[:, None], 0.3)
        exact = normal.log_prob(x[None]).sum(2).logsumexp(0) - math.log(len(z))
    assert got["nats"] == pytest.approx(-float(exact.mean()), abs=0.01)
    assert got["nats_images"] == 5
    assert got["importance_samples"] == 20_000


def test_more_samples_tighten_the_bound() -> None:
    variant, model = variants.make("vae", {"binarise": "dynamic"}), linear_model()
    images = np.random.default_rng(0).integers(0, 256, (400, 1, 2, 2)).astype(np.uint8)
    one, ten, many = (
        iwae_bound(variant, model, Split(images=images), samples=k)["nats"] for k in (1, 10, 1000)
    )
    assert one > ten > many
    figures = evaluate(variant, model, Split(images=images))
    assert one == pytest.approx(-figures["elbo"], abs=0.1)


def test_each_piece_draws_other_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    variant, model = variants.make("vae", {"likelihood": "gaussian"}), linear_model()
    images = np.random.default_rng(0).integers(60, 200, (400, 1, 2, 2)).astype(np.uint8)
    whole = iwae_bound(variant, model, Split(images=images), samples=50)["nats"]
    monkeypatch.setattr("diabolo.train.evaluation.iwae_bound._DECODED", 1)
    assert iwae_bound(variant, model, Split(images=images), samples=50)["nats"] == pytest.approx(
        whole, abs=0.03
    )


def test_each_seed_and_each_step_draws_anew() -> None:
    places = [(seed, number) for seed in (0, 1, 2, 20081, 2**31 - 1) for number in (0, 1, 2, 100_000)]
    drawn = {tuple(Step(*place).normal(4).tolist()) for place in places}
    assert len(drawn) == len(places)
    assert torch.equal(Step(7, 3).normal(4), Step(7, 3).normal(4))


def test_the_error_is_the_standard_error() -> None:
    variant, model = variants.make("vae"), linear_model()
    images = np.random.default_rng(0).integers(0, 256, (300, 1, 2, 2)).astype(np.uint8)
    every = [iwae_bound(variant, model, Split(images=images[i : i + 1]), 2000)["nats"] for i in range(300)]
    got = iwae_bound(variant, model, Split(images=images), 2000)  # so many that chance adds little to it
    assert got["nats_error"] == pytest.approx(np.std(every, ddof=1) / math.sqrt(300), rel=0.3)


def test_nothing_to_bound() -> None:
    variant = variants.make("autoencoder")
    _, model = Config.make("autoencoder", "glyphs", latent_dim=2).build((1, 8, 8))
    with pytest.raises(OptionError, match="--importance-samples"):
        iwae_bound(variant, model, Split(images=np.zeros((2, 1, 8, 8), np.uint8)), 5)


def test_the_gaussian_likelihood_agrees_with_torch() -> None:
    image, mean = torch.rand(5, 1, 3, 3), torch.rand(5, 1, 3, 3)
    theirs = torch.distributions.Normal(mean, math.exp(-1.3)).log_prob(image).flatten(1).sum(1)
    ours = losses.gaussian_reconstruction(image, mean, torch.tensor(-1.3))
    assert torch.allclose(ours, -theirs, rtol=1e-5)


def test_dynamic_pixels_are_drawn_by_their_value() -> None:
    variant = variants.make("vae", {"binarise": "dynamic"})
    image = torch.full((2000, 1, 4, 4), 0.3)
    drawn = variant.pixels(image, Step(0, 0))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert float(drawn.mean()) == pytest.approx(0.3, abs=0.01)
    assert not torch.equal(drawn, variant.pixels(image, Step(0, 1)))
    extreme = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 1, 4, 4)
    assert torch.equal(variant.pixels(extreme, Step(0, 0)), extreme)


def test_static_pixels_are_always_alike() -> None:
    variant = variants.make("vae", {"binarise": "static"})
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (900, 1, 6, 6))).float() / 255
    drawn = variant.pixels(image, Step(0, 0))
    assert torch.equal(drawn, variant.pixels(image, Step(5, 9)))
    assert torch.equal(drawn[7:8], variant.pixels(image[7:8], Step(0, 3)))
    assert float(drawn.mean()) == pytest.approx(float(image.mean()), abs=0.01)


def test_several_latents_train_the_tighter_bound() -> None:
    """The loss is the bound of as many samples; its mean over draws, so its last digits are chance."""
    images = np.random.default_rng(0).integers(60, 200, (400, 1, 2, 2)).astype(np.uint8)
    image, model = torch.from_numpy(images).float() / 255, linear_model()

    def trained(samples: int, **options: float) -> float:
        given = {"likelihood": "gaussian", "importance_samples": samples, **options}
        variant = variants.make("vae", given)
        steps = (Step(0, number, epoch=1.0) for number in range(20))
        return float(np.mean([float(variant.loss(model, image, step).objective.detach()) for step in steps]))

    plain = variants.make("vae", {"likelihood": "gaussian"})
    for samples in (1, 7):
        expected = iwae_bound(plain, model, Split(images=images.repeat(20, axis=0)), samples)["nats"]
        assert trained(samples) == pytest.approx(expected, abs=0.05)
    assert trained(7) < trained(1) - 0.2
    assert trained(7, importance_after=2.0) == trained(1)  # not yet


def test_warm_up_weighs_the_kl() -> None:
    variant = variants.make("vae", {"kl_warmup": 4.0, "beta": 2.0})
    model, image = linear_model(), torch.rand(8, 1, 2, 2)
    values = {}
    for epoch, training in ((0.0, True), (2.0, True), (4.0, True), (9.0, True), (0.0, False)):
        loss = variant.loss(model, image, Step(0, 0, epoch=epoch, training=training))
        rest = loss.objective.detach() - loss.terms["reconstruction"]
        values[epoch, training] = float(rest / loss.terms["kl"])
    assert list(values.values()) == pytest.approx([0, 1, 2, 2, 2], abs=1e-4)


def test_figures_by_dimension(pictures: Path, tmp_path: Path) -> None:
    run = fit(Config.make("vae", str(pictures), latent_dim=4, epochs=15, batch_size=20), tmp_path / "run")
    figures = json.loads((run.path / "metrics.json").read_text())
    assert len(figures["kl_by_dimension"]) == 4
    assert sum(figures["kl_by_dimension"]) == pytest.approx(figures["kl"], rel=1e-2)
    assert figures["elbo"] == pytest.approx(-figures["reconstruction"] - figures["kl"])
    assert 1 <= figures["active_units"] <= 4


def test_a_collapsed_posterior_is_said_aloud(pictures: Path, tmp_path: Path) -> None:
    listener = Listener()
    config = Config.make(
        "vae", str(pictures), latent_dim=2, epochs=4, batch_size=20, variant_options={"beta": 1e5}
    )
    fit(config, tmp_path / "run", callback=listener)
    assert "the posterior has collapsed" in listener.said


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("binarise", ["none", "static", "dynamic"])
def test_every_pair_of_options_learns(likelihood: str, binarise: str, pictures: Path, tmp_path: Path) -> None:
    options = {"likelihood": likelihood, "binarise": binarise, "kl_warmup": 2.0}
    config = Config.make("vae", str(pictures), latent_dim=3, epochs=6, batch_size=20, variant_options=options)
    history = fit(config, tmp_path / "run").history()
    assert history[-1]["validation_loss"] < history[0]["validation_loss"]


@pytest.mark.parametrize(
    ("low", "high", "binarise", "suited"),
    [
        (0.0, 0.1, "none", "bernoulli"),
        (0.92, 1.0, "none", "bernoulli"),
        (0.2, 0.9, "none", "gaussian"),
        (0.2, 0.9, "dynamic", "bernoulli"),
    ],
)
def test_the_images_choose_the_likelihood(low: float, high: float, binarise: str, suited: str) -> None:
    images = np.random.default_rng(0).uniform(low, high, (20, 1, 8, 8)).astype(np.float32)
    assert variants.make("vae", {"binarise": binarise}).suited(images) == {"likelihood": suited}


@pytest.mark.parametrize(("given", "kept"), [(None, "gaussian"), ("bernoulli", "bernoulli")])
def test_a_folder_of_grey_textures(given: str | None, kept: str, tmp_path: Path) -> None:
    """Under a cross-entropy nothing of them came back: the posterior collapsed."""
    waves = np.sin(np.arange(16)[:, None] * 0.7 + np.linspace(0, 6, 60)[:, None, None])
    for number, wave in enumerate(np.broadcast_to(waves, (60, 16, 16))):
        Image.fromarray((128 + 60 * wave).astype(np.uint8)).save(tmp_path / f"{number}.png")
    options = {"likelihood": given}
    config = Config.make(
        "vae", str(tmp_path), latent_dim=2, epochs=60, batch_size=10, variant_options=options
    )
    listener = Listener()
    run = fit(config, tmp_path / "run", callback=listener)
    assert run.config.variant_options["likelihood"] == kept
    assert ("chosen for these images: --likelihood gaussian" in listener.said) == (given is None)
    assert resume(run.path, epochs=61).config.variant_options == run.config.variant_options


@pytest.mark.parametrize("options", [{}, {"likelihood": None}, {"beta": 2.0}])
def test_a_run_without_a_likelihood_has_a_bernoulli_one(options: dict[str, Any], tmp_path: Path) -> None:
    """As releases trained it that did not let the images choose; its recipe says so."""
    stored = Config.make("vae", "cifar10", epochs=1).to_json() | {"variant_options": options}
    (tmp_path / "config.json").write_text(json.dumps(stored | {"image_shape": [3, 32, 32]}))
    config = Run.open(tmp_path).config
    assert config.variant_options == {**options, "likelihood": "bernoulli"}
    assert 'likelihood = "bernoulli"' in recipe(config, "cifar10")


def test_one_latent_after_some_epochs_is_refused() -> None:
    with pytest.raises(OptionError, match="--importance-samples 5"):
        variants.make("vae", {"importance_after": 3.0})


@pytest.mark.parametrize("options", [{"likelihood": "gausian"}, {"binarise": "yes"}])
def test_unknown_words_are_told(options: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError):
        variants.make("vae", options)
