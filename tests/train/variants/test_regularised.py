"""The regularised autoencoder: its loss by hand, the fitted mixture, and the whole way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo.export import export_run
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.latent import Fitted, Mixture
from diabolo.train import Config, fit, variants
from diabolo.train.step import Step
from diabolo.train.variants.regularised import MixtureHead, fit_mixture


def two_clusters(count: int = 600, shape: tuple[int, ...] = (2,)) -> np.ndarray:
    rng = np.random.default_rng(0)
    codes = 0.3 * rng.standard_normal((count, *shape))
    codes[::3] += 4
    return codes.astype(np.float32)


def test_the_loss_by_hand() -> None:
    torch.manual_seed(0)
    _, model = Config.make("regularised", "glyphs", latent_dim=3, width=8).build((1, 16, 16))
    images = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    variant = variants.make("regularised", {"code_weight": 0.5, "decoder_weight": 0.01})
    found = variant.loss(model, images, Step(0, 0))
    latent = model.encode(images).latent
    error = 0.5 * (images - model.decode(latent)).square().sum((1, 2, 3)).mean()
    code = 0.5 * latent.square().sum(1).mean()
    layers = [layer for layer in model.decoder.modules() if isinstance(layer, torch.nn.Linear)]
    assert layers
    size = 0.5 * sum(float(layer.weight.detach().square().sum()) for layer in layers)
    wanted = float(error.detach()) + 0.5 * float(code.detach()) + 0.01 * size
    assert float(found.objective.detach()) == pytest.approx(wanted, rel=1e-5)


def test_without_weights_it_is_a_plain_autoencoder() -> None:
    torch.manual_seed(0)
    _, model = Config.make("regularised", "glyphs", latent_dim=3, width=8).build((1, 16, 16))
    plain = variants.make("regularised", {"code_weight": 0.0, "decoder_weight": 0.0})
    assert not plain.constrained
    found = plain.loss(model, torch.rand(4, 1, 16, 16), Step(0, 0))
    assert float(found.objective.detach()) == pytest.approx(float(found.terms["error"]))


@pytest.mark.parametrize("shape", [(2,), (2, 1, 1)])
def test_the_mixture_finds_the_clusters_that_one_gaussian_joins(shape: tuple[int, ...]) -> None:
    codes = two_clusters(shape=shape)
    mixture = fit_mixture(codes, 2)
    assert mixture is not None
    np.testing.assert_allclose(sorted(mixture.weights), [1 / 3, 2 / 3], atol=0.01)
    np.testing.assert_allclose(mixture.means[np.argmin(mixture.weights)], [4, 4], atol=0.1)
    drawn = mixture.sample(1000, np.random.default_rng(0)).reshape(1000, 2)
    between = (drawn > 1.3).all(1) & (drawn < 2.7).all(1)
    assert between.mean() < 0.01
    one = Fitted.to(codes).sample(1000, np.random.default_rng(0)).reshape(1000, 2)
    assert ((one > 1.3).all(1) & (one < 2.7).all(1)).mean() > 0.1


def test_it_is_the_density_of_scikit_learn() -> None:
    """The same log-likelihood from R as from the fitted covariances."""
    from sklearn.mixture import GaussianMixture

    codes = two_clusters()
    mixture = fit_mixture(codes, 3)
    assert mixture is not None
    own = []
    for weight, mean, root in zip(mixture.weights, mixture.means, mixture.roots, strict=True):
        steps = np.linalg.solve(root.astype(np.float64), (codes - mean).T)
        logs = -0.5 * (steps**2).sum(0) - np.log(np.diag(root)).sum() - np.log(2 * np.pi)
        own.append(np.log(weight) + logs)
    floor = 1e-4 * codes.astype(np.float64).var(0).mean()
    theirs = GaussianMixture(3, reg_covar=floor, random_state=0, max_iter=200).fit(codes.astype(np.float64))
    np.testing.assert_allclose(np.logaddexp.reduce(own, 0), theirs.score_samples(codes), rtol=1e-3)


def test_where_there_are_too_few_codes_fewer_gaussians_are_fitted() -> None:
    few = fit_mixture(two_clusters(20), 10)
    assert few is not None
    assert len(few.weights) == 2
    assert fit_mixture(two_clusters(7), 10) is None
    assert fit_mixture(np.ones((100, 2), np.float32), 10) is None
    assert fit_mixture(np.zeros((2000, 257), np.float32), 10) is None
    head = MixtureHead(10)
    assert head.distribution(two_clusters(7)).name == "fitted"


def test_the_whole_way(pictures: Path, tmp_path: Path) -> None:
    config = Config.make("regularised", str(pictures), latent_dim=2, epochs=1, width=8)
    run = fit(config, tmp_path / "run")
    assert run.metrics()["code_deviation"] > 0
    exported = export_run(run.path, tmp_path / "bundle").path
    model = Autoencoder.load(exported, device="cpu")
    assert isinstance(model.latent_space.distribution, Mixture)
    assert model.sample_latents(7, seed=0).shape == (7, 2)
    assert model.sampling == "a mixture of gaussians fitted to the codes"
    assert all(check.ok for check in verify(exported))
