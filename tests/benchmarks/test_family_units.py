"""The norms by which the benchmark of the family judges a contraction."""

from __future__ import annotations

import pytest
import torch

from benchmarks.family.units import norms_of, with_jacobian
from diabolo.train import Config


def test_the_jacobian_is_exact() -> None:
    torch.manual_seed(0)
    _, model = Config.make("contractive", "glyphs", latent_dim=3, width=8).build((1, 8, 8))
    images = torch.rand(5, 1, 8, 8)
    codes, found = with_jacobian(model, images.clone())
    exact = torch.func.vmap(torch.func.jacrev(lambda image: model.encode(image[None]).latent[0]))(images)
    torch.testing.assert_close(found, exact.flatten(2).detach())
    torch.testing.assert_close(codes, model.encode(images).latent.detach())


def test_what_changes_the_norms() -> None:
    """Of units of variance 1 with slopes 1 and 2: scale changes neither norm, a mixture the first only."""
    codes = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    jacobian = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).expand(4, 2, 2)
    assert norms_of(codes, jacobian) == pytest.approx((5**0.5, 5**0.5))
    scale = torch.tensor([[0.1, 0.0], [0.0, 30.0]])
    assert norms_of(codes @ scale.T, scale @ jacobian) == pytest.approx((5**0.5, 5**0.5))
    mixture = torch.tensor([[1.0, 0.1], [1.0, -0.1]])
    standard, decorrelated = norms_of(codes @ mixture.T, mixture @ jacobian)
    assert standard < 1.5
    assert decorrelated == pytest.approx(5**0.5)
