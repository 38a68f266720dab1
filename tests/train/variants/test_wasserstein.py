"""The Wasserstein autoencoder: its discrepancy is the unbiased one of its paper, and does what it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from diabolo.train import Config, variants
from diabolo.train.errors import OptionError
from diabolo.train.losses import gaussian_kl_by_dimension, inverse_multiquadratics, maximum_mean_discrepancy
from diabolo.train.model import GaussianHead, Model
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase
from diabolo.train.variants.wasserstein import PriorHead

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # as in the paper's experiments
DRAWS = 200


def draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def expected(dimensions: int, deviation: float = 1, shift: float = 0) -> float:
    """MMD^2 of N(m, deviation^2 I) from N(0, I), |m| = shift, without samples.

    C / (C + r^2) is the integral of exp(-t) exp(-t r^2 / C) over t from 0, and the mean of a gaussian of the
    distance of gaussian variables has a closed form.
    """
    t, weights = np.polynomial.laguerre.laggauss(100)

    def mean(variance: float, squared: float) -> float:
        total = 0.0
        for scale in SCALES:
            a = t / (2 * dimensions * scale)
            wide = 1 + 2 * a * variance
            total += float((weights * wide ** (-dimensions / 2) * np.exp(-a * squared / wide)).sum())
        return total

    return mean(2 * deviation**2, 0) + mean(2, 0) - 2 * mean(deviation**2 + 1, shift**2)


def estimates(codes: Tensor) -> Tensor:
    """Of sets of codes `(sets, n, d)`, each against its own samples of the prior."""
    prior = draws(*codes.shape, seed=1)
    pairs = zip(codes, prior, strict=True)
    return torch.stack([maximum_mean_discrepancy(some, other, SCALES) for some, other in pairs])


def about(values: Tensor, truth: float) -> bool:
    """Whether the mean of the values is the truth, within four of its standard errors."""
    return abs(float(values.mean()) - truth) < 4 * float(values.std()) / len(values) ** 0.5


def test_the_estimate_by_brute_force() -> None:
    codes, prior = 1.3 * draws(9, 3) + 0.2, draws(9, 3, seed=1)

    def kernel(x: Tensor, y: Tensor) -> float:
        squared = sum((float(a) - float(b)) ** 2 for a, b in zip(x, y, strict=True))
        return sum(2 * 3 * scale / (2 * 3 * scale + squared) for scale in SCALES)

    total = 0.0
    for i in range(9):
        for j in range(9):
            if i != j:
                total += (kernel(codes[i], codes[j]) + kernel(prior[i], prior[j])) / (9 * 8)
            total -= 2 * kernel(codes[i], prior[j]) / (9 * 9)
    assert float(maximum_mean_discrepancy(codes, prior, SCALES)) == pytest.approx(total, rel=1e-12)


def test_the_estimate_from_the_biased_one() -> None:
    codes, prior = 0.5 * draws(40, 5), draws(40, 5, seed=1)
    n, largest = 40, len(SCALES)  # k(z, z) is 1 for every scale
    both = torch.cat([codes, prior])
    signs = torch.cat([torch.ones(n), -torch.ones(n)]).double() / n
    kernel = inverse_multiquadratics(both, both, SCALES)
    biased = float(signs @ kernel @ signs)
    # each sample's pair with itself is taken out of the two means within the sets
    own = float(kernel[:n, :n].mean() + kernel[n:, n:].mean())
    unbiased = biased + (own - 2 * largest) / (n - 1)
    assert float(maximum_mean_discrepancy(codes, prior, SCALES)) == pytest.approx(unbiased, rel=1e-10)


def test_it_is_zero_in_the_mean_for_the_same_distribution() -> None:
    found = estimates(draws(DRAWS, 24, 2))
    assert about(found, 0)
    assert 0.3 < float((found < 0).double().mean()) < 0.8


@pytest.mark.parametrize(("deviation", "shift"), [(0.6, 0.0), (1.5, 0.0), (1.0, 0.8)])
def test_its_mean_is_the_discrepancy_of_the_distributions(deviation: float, shift: float) -> None:
    codes = deviation * draws(DRAWS, 24, 2)
    codes[..., 0] += shift
    found = estimates(codes)
    assert about(found, expected(2, deviation, shift))
    assert not about(found, 0)


def test_it_grows_with_the_distance_from_the_prior() -> None:
    codes, prior = draws(300, 4), draws(300, 4, seed=1)

    def found(changed: Tensor) -> float:
        return float(maximum_mean_discrepancy(changed, prior, SCALES))

    shifted = [found(codes + step) for step in (0, 0.5, 1, 2, 8)]
    shrunk = [found(codes * factor) for factor in (1, 0.7, 0.4, 0.1, 0.01)]
    widened = [found(codes * factor) for factor in (1, 1.5, 3, 10)]
    assert all(one == sorted(one) for one in (shifted, shrunk, widened))


def given_codes(options: dict[str, object]) -> tuple[VariantBase, Model]:
    """A model whose raw codes are its images of a single row, so that codes can be chosen."""
    variant = variants.make("wasserstein", options)
    decoder = nn.Sequential(nn.Linear(2, 4), nn.Unflatten(1, (1, 1, 4)))
    return variant, Model(nn.Flatten(), decoder, variant.head(), (1, 1, 4), (2,))


class Halves(nn.Module):
    """Two of the four pixels as codes."""

    def forward(self, image: Tensor) -> Tensor:
        return image.flatten(1)[:, :2]


def terms(codes: Tensor, number: int, **options: object) -> dict[str, Tensor]:
    variant, model = given_codes(options)
    model.encoder = Halves()
    image = torch.cat([codes, torch.zeros_like(codes)], 1).float().reshape(-1, 1, 1, 4)
    loss = variant.loss(model, image, Step(3, number))
    return {"objective": loss.objective.detach(), **loss.terms}


@pytest.mark.parametrize(("deviation", "shift"), [(1.0, 0.0), (0.4, 0.0), (1.0, 5.0)])
def test_the_loss_compares_the_codes_with_the_prior(deviation: float, shift: float) -> None:
    """Too wide a prior, a single scale of the kernel, or a biased estimate would give other means."""
    codes = deviation * draws(DRAWS, 24, 2)
    codes[..., 0] += shift
    found = torch.stack([terms(some, number)["mmd"].double() for number, some in enumerate(codes)])
    assert about(found, expected(2, deviation, shift))


def test_the_discrepancy_is_added_with_its_weight() -> None:
    found = terms(draws(20, 2) + 3, 0, mmd_weight=7.0)
    assert found["mmd"] > 0.5
    torch.testing.assert_close(found["objective"], found["squared_error"] + 7 * found["mmd"])


def test_infovae_weights_both_divergences() -> None:
    variant, model = given_codes({"encoder": "gaussian", "alpha": -0.5, "mmd_weight": 4.0})
    image = torch.rand(20, 1, 1, 4, generator=torch.Generator().manual_seed(0))
    loss = variant.loss(model, image, Step(0, 0))
    mean, log_variance = image.flatten(1).chunk(2, 1)
    divergence = gaussian_kl_by_dimension(mean, log_variance).sum(1).mean()
    torch.testing.assert_close(loss.terms["kl"], divergence)
    whole = loss.terms["squared_error"] + 1.5 * divergence + 2.5 * loss.terms["mmd"]
    torch.testing.assert_close(loss.objective.detach(), whole)


def test_a_gaussian_encoder_draws_its_latents() -> None:
    """Images that all have one code are still like the prior, if their posterior is the prior."""
    variant, model = given_codes({"encoder": "gaussian"})
    image = torch.zeros(500, 1, 1, 4)  # mean 0 and log-variance 0
    drawn = variant.loss(model, image, Step(0, 0)).terms["mmd"]
    assert abs(float(drawn)) < 0.02
    variant, model = given_codes({})
    model.encoder = Halves()
    assert float(variant.loss(model, image, Step(0, 0)).terms["mmd"]) > 0.5


def test_the_encoder_decides_the_head() -> None:
    plain, gaussian = (
        variants.make("wasserstein", {"encoder": kind}).head() for kind in ("deterministic", "gaussian")
    )
    assert isinstance(plain, PriorHead)
    assert isinstance(gaussian, GaussianHead)
    codes = 5 + np.zeros((10, 2), np.float32)
    assert [head.distribution(codes).name for head in (plain, gaussian)] == ["normal", "normal"]


def test_training_draws_the_codes_to_the_prior() -> None:
    variant, model = Config.make(
        "wasserstein", "glyphs", latent_dim=2, width=32, variant_options={"mmd_weight": 100.0}
    ).build((1, 8, 8))
    torch.manual_seed(0)
    image = torch.rand(200, 1, 8, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def discrepancy() -> float:
        with torch.inference_mode():
            codes = model.encode(image).latent.double()
        return float(maximum_mean_discrepancy(codes, draws(200, 2), SCALES))

    before = discrepancy()
    for number in range(60):
        optimizer.zero_grad()
        variant.loss(model, image, Step(0, number)).objective.backward()
        optimizer.step()
    assert before > 0.3
    assert discrepancy() < 0.1


def test_a_single_image_has_no_discrepancy() -> None:
    assert float(terms(draws(1, 2), 0)["mmd"]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.5}, "give --encoder gaussian"),
        ({"encoder": "gaussian", "alpha": -3.0, "mmd_weight": 4.0}, "--mmd-weight above 4"),
        ({"mmd_weight": 0.0}, "mmd.weight 0"),
        ({"encoder": "gaussian", "alpha": 1.5}, "alpha 1.5"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        variants.make("wasserstein", options)
