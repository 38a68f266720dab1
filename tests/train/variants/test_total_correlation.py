"""The total correlation: the estimate by other means, and a VAE that is trained with its weight."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from diabolo.train import Config, variants
from diabolo.train.errors import OptionError
from diabolo.train.losses import total_correlation
from diabolo.train.step import Step


def posteriors(images: int, dimensions: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """A latent, a mean and a log-variance of each image."""
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance, normal = torch.randn(3, images, dimensions, generator=generator, dtype=torch.float64)
    return mean + (0.5 * log_variance).exp() * normal, mean, log_variance


def by_hand(latent: Tensor, mean: Tensor, log_variance: Tensor) -> float:
    """log q(z) - sum_j log q(z_j) with q of all images, one number after the other."""
    found = []
    for z in latent.tolist():
        kernels = [
            [
                math.exp(-((z[j] - m[j]) ** 2) / (2 * math.exp(v[j])))
                / math.sqrt(2 * math.pi * math.exp(v[j]))
                for j in range(len(z))
            ]
            for m, v in zip(mean.tolist(), log_variance.tolist(), strict=True)
        ]
        together = sum(math.prod(row) for row in kernels) / len(kernels)
        apart = math.prod(sum(column) / len(kernels) for column in zip(*kernels, strict=True))
        found.append(math.log(together / apart))
    return sum(found) / len(found)


def test_all_images_by_hand() -> None:
    latent, mean, log_variance = posteriors(9, 3)
    estimate = total_correlation(latent, mean, log_variance, slice(0, 9), 9)
    assert float(estimate) == pytest.approx(by_hand(latent, mean, log_variance))


def test_the_weights_are_unbiased() -> None:
    """Over every batch that an image may be in, the mean density is that of the whole set.

    In one dimension `together` and `apart` are the same, so the density is taken from a second dimension that
    all images share: there, both differ by log q(z) of the first dimension alone.
    """
    images, size = 6, 3
    latent, mean, log_variance = posteriors(images, 1)
    twice = [torch.cat([values, values], 1) for values in (latent, mean, log_variance)]

    def densities(batch: list[int], place: int) -> tuple[float, float]:
        """q(z), and q(z, z) of two equal dimensions, as the estimate has them."""
        share = 1 / images
        weights = [share if each == place else (1 - share) / (len(batch) - 1) for each in batch]
        kernels = [
            math.exp(-float((latent[place] - mean[each]) ** 2 / (2 * log_variance[each].exp())))
            / math.sqrt(2 * math.pi * float(log_variance[each].exp()))
            for each in batch
        ]
        return (
            sum(w * k for w, k in zip(weights, kernels, strict=True)),
            sum(w * k * k for w, k in zip(weights, kernels, strict=True)),
        )

    place, singles = 0, []
    for others in itertools.combinations(range(1, images), size - 1):
        batch = [place, *others]
        one, both = densities(batch, place)
        chosen = [values[batch] for values in twice]
        estimate = total_correlation(chosen[0][:1], chosen[1], chosen[2], slice(0, 1), images)
        assert float(estimate) == pytest.approx(math.log(both) - 2 * math.log(one))
        singles.append(one)
    whole, _ = densities(list(range(images)), place)
    assert np.mean(singles) == pytest.approx(whole)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_of_a_gaussian(correlation: float) -> None:
    """-1/2 log(1 - r^2), of which independent dimensions have none: no constant is left in it."""
    noise, images, size = 0.2, 3840, 128
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.cholesky(torch.tensor([[1.0, correlation], [correlation, 1.0]]))
    mean = torch.randn(images, 2, generator=generator) @ turn.T
    latent = mean + noise**0.5 * torch.randn(images, 2, generator=generator)
    log_variance = torch.full_like(mean, math.log(noise))
    batches = [slice(start, start + size) for start in range(0, images, size)]
    found = [
        float(total_correlation(latent[b], mean[b], log_variance[b], slice(0, size), images)) for b in batches
    ]
    ratio = correlation / (1 + noise)
    assert np.mean(found) == pytest.approx(-0.5 * math.log(1 - ratio**2), abs=0.03)


def test_rows_of_two_processes_are_those_of_one() -> None:
    latent, mean, log_variance = posteriors(8, 3)
    whole = total_correlation(latent, mean, log_variance, slice(0, 8), 100)
    parts = [
        total_correlation(latent[own], mean, log_variance, own, 100) * (own.stop - own.start)
        for own in (slice(0, 3), slice(3, 8))
    ]
    assert float(sum(parts)) / 8 == pytest.approx(float(whole))


def test_it_is_added_with_its_weight() -> None:
    config = Config.make("vae", "glyphs", latent_dim=4, width=8)
    images = torch.rand(12, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    _, model = config.build((1, 16, 16))

    def loss(**options: float) -> tuple[float, dict[str, Tensor]]:
        made = variants.make("vae", {"likelihood": "bernoulli", **options})
        found = made.loss(model, images, Step(0, 0, images=50))
        return float(found.objective.detach()), found.terms

    plain, without = loss()
    weighed, terms = loss(tc_weight=3.0)
    assert "total_correlation" not in without
    assert weighed - plain == pytest.approx(3 * float(terms["total_correlation"]), rel=1e-4)


def test_options_that_do_not_go_together() -> None:
    with pytest.raises(OptionError, match="tc weight 2 is for one latent per image, and there are 5"):
        variants.make("vae", {"tc_weight": 2.0, "importance_samples": 5})


def test_in_blocks_of_dimensions_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    given = posteriors(8, 7)
    whole = total_correlation(*given, slice(0, 8), 100)
    monkeypatch.setattr("diabolo.train.losses._MOST_DENSITIES", 130)  # two dimensions at a time
    assert float(total_correlation(*given, slice(0, 8), 100)) == pytest.approx(float(whole))
