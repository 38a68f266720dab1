"""The contractive autoencoder: the penalty is the Jacobian's norm, and no scale of the code escapes it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from diabolo.train import Config, variants
from diabolo.train.datasets import Split
from diabolo.train.evaluation.evaluate import evaluate
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase
from diabolo.train.variants.contractive import squared_slopes

SHAPE, UNITS = (1, 8, 8), 3
NETWORKS = ["dense", "conv", "conv-spatial"]


def build(network: str = "dense", latent_dim: int = UNITS, **options: float) -> tuple[VariantBase, Model]:
    torch.manual_seed(0)
    return Config.make(
        "contractive", "glyphs", network=network, latent_dim=latent_dim, width=8, variant_options=options
    ).build(SHAPE)


def images(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def patterned(count: int, seed: int) -> Tensor:
    """Mixtures of three patterns, with a little noise, which a code need not follow."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.rand(UNITS, *SHAPE, generator=generator)
    generator.manual_seed(seed)
    shares = torch.rand(count, UNITS, generator=generator)
    mixed = torch.einsum("nu,uchw->nchw", shares, patterns) / UNITS
    return mixed + 0.02 * torch.rand(count, *SHAPE, generator=generator)


def jacobian(model: Model, batch: Tensor) -> Tensor:
    """Exact, `(batch, units, positions, pixels)`."""

    def one(image: Tensor) -> Tensor:
        latent = model.encode(image[None]).latent[0]
        return latent.reshape(len(latent), -1)

    exact = torch.func.vmap(torch.func.jacrev(one))(batch)
    return exact.flatten(3).detach()


def exact_norm(model: Model, batch: Tensor) -> float:
    """The mean squared norm of the standardised code's Jacobian, by position of a grid."""
    latent = model.encode(batch).latent.detach()
    spread = latent.reshape(*latent.shape[:2], -1).transpose(0, 1).flatten(1).var(1, unbiased=False)
    slopes = jacobian(model, batch).square().sum(3).mean((0, 2))
    return float((slopes / spread).sum())


def penalty(kind: VariantBase, model: Model, batch: Tensor, number: int = 0) -> float:
    return float(kind.loss(model, batch, Step(0, number)).terms["squared_jacobian"])


def test_the_mean_over_all_signs_is_the_exact_norm() -> None:
    _, model = build()
    batch = images(4).requires_grad_()
    latent = model.encode(batch).latent
    signs = [torch.tensor(each).expand(4, UNITS) for each in product((-1.0, 1.0), repeat=UNITS)]
    mean = torch.stack([squared_slopes(latent, batch, each) for each in signs]).mean(0)
    exact = jacobian(model, batch.detach()).square().sum((1, 2, 3))
    torch.testing.assert_close(mean.detach(), exact, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_penalty_is_unbiased(network: str) -> None:
    kind, model = build(network, projections=400)
    batch = images(8)
    assert penalty(kind, model, batch) == pytest.approx(exact_norm(model, batch), rel=0.03)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_figure_is_the_exact_norm(network: str) -> None:
    """Of at most four units all are measured; on a grid, by random signs."""
    kind, model = build(network)
    pixels = np.random.default_rng(0).integers(0, 256, (300, *SHAPE), np.uint8)
    found = evaluate(kind, model, Split(images=pixels))["jacobian_norm"]
    exact = exact_norm(model, torch.from_numpy(pixels.astype(np.float32) / 255)) ** 0.5
    assert found == pytest.approx(exact, rel=1e-3 if network != "conv-spatial" else 0.03)


def test_of_many_units_the_figure_is_unbiased() -> None:
    kind, model = build(latent_dim=30)
    pixels = np.random.default_rng(0).integers(0, 256, (700, *SHAPE), np.uint8)
    found = evaluate(kind, model, Split(images=pixels))["jacobian_norm"]
    exact = exact_norm(model, torch.from_numpy(pixels.astype(np.float32) / 255)) ** 0.5
    assert found == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("scale", [torch.tensor(0.01), torch.tensor([0.1, 1.0, 10.0])])
def test_a_code_that_is_scaled_down_is_not_contracted(scale: Tensor) -> None:
    kind, model = build()
    test = Split(images=np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8))
    before = penalty(kind, model, images(20)), evaluate(kind, model, test)["jacobian_norm"]
    last = model.get_submodule("encoder.layers.3")
    with torch.no_grad():
        for weights in last.parameters():
            weights.mul_(scale if weights.ndim == 1 else scale.reshape(-1, 1))
    model.train()
    after = penalty(kind, model, images(20)), evaluate(kind, model, test)["jacobian_norm"]
    assert after == pytest.approx(before, rel=1e-3)


def test_training_does_not_scale_the_code_down() -> None:
    """The penalty's gradient has no component along the scale of a unit."""
    kind, model = build(contraction_weight=1.0)
    last = model.get_parameter("encoder.layers.3.weight")
    slopes = []
    for weight in (1.0, 0.0):
        kind, _ = build(contraction_weight=weight)
        (slope,) = torch.autograd.grad(kind.loss(model, images(20), Step(0, 0)).objective, last)
        slopes.append(slope)
    of_penalty = slopes[0] - slopes[1]
    along = (of_penalty * last).sum(1)
    assert of_penalty.norm() > 0.01
    assert along.abs().max() < 1e-3 * of_penalty.norm() * last.norm()


def test_the_penalty_is_added_to_the_error() -> None:
    kind, model = build(contraction_weight=2.0)
    loss = kind.loss(model, images(10), Step(0, 0))
    whole = loss.terms["error"] + 2 * loss.terms["squared_jacobian"]
    torch.testing.assert_close(loss.objective.detach(), whole)
    test = Split(images=np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8))
    figures = evaluate(kind, model, test)
    assert figures["loss"] == pytest.approx(figures["error"] + 2 * figures["jacobian_norm"] ** 2)


def test_the_penalty_is_computed_in_fp32() -> None:
    kind, model = build("conv")
    plain = penalty(kind, model, images(10))
    with torch.autocast("cpu", torch.bfloat16):
        loss = kind.loss(model, images(10), Step(0, 0))
        loss.objective.backward()
    assert float(loss.terms["squared_jacobian"]) == pytest.approx(plain, rel=1e-5)


def test_a_larger_weight_contracts_more() -> None:
    norms = []
    for weight in (0.0, 0.1):
        kind, model = build("conv", contraction_weight=weight)
        model.train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for number in range(60):
            optimizer.zero_grad()
            kind.loss(model, patterned(32, number), Step(0, number)).objective.backward()
            optimizer.step()
        norms.append(exact_norm(model, patterned(100, 999)))
    assert norms[1] < 0.8 * norms[0]


@pytest.mark.parametrize("count", [1, 6])
def test_images_that_do_not_differ_have_no_slope_to_speak_of(count: int) -> None:
    """Their deviation is 0, and nothing is divided by it."""
    torch.manual_seed(0)
    _, model = Config.make("contractive", "glyphs", latent_dim=4, width=8).build((1, 16, 16))
    images = torch.rand(1, 1, 16, 16).expand(count, 1, 16, 16).contiguous()
    found = variants.make("contractive", {}).loss(model, images, Step(0, 0))
    assert float(found.objective.detach()) == pytest.approx(float(found.terms["error"]))
