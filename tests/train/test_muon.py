"""Muon against what its paper says it does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from diabolo.train import Config
from diabolo.train.optim import muon
from diabolo.train.optim.muon import Muon, orthogonal
from diabolo.train.optim.optimizer import make_optimizer


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (30, 30), (1, 40), (40, 1)])
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    before, after = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonal(matrix).float())
    assert len(before) == len(after) == min(shape)
    assert after.min() > 0.5
    assert after.max() < 1.3


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_computed_in_the_run_s_precision(
    precision: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bf16 on a processor without its instructions takes many times longer."""
    seen = []
    monkeypatch.setattr(muon, "orthogonal", lambda matrix, dtype: seen.append(dtype) or matrix)
    config = Config.make("autoencoder", "glyphs", optimizer="muon", precision=precision)
    model = nn.Linear(4, 3)
    optimizer = make_optimizer(model, config)
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    assert seen == [dtype]


def test_the_directions_stay() -> None:
    """The polar factor of U S V is U V."""
    torch.manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(12, 30), full_matrices=False)
    matrix = u @ torch.diag(torch.linspace(1.0, 4.0, 12)) @ v
    assert (orthogonal(matrix).float() - u @ v).norm() / (u @ v).norm() < 0.35


def test_fits_a_linear_map() -> None:
    torch.manual_seed(0)
    target, model = nn.Linear(8, 5), nn.Linear(8, 5)
    optimizer = Muon(model.parameters(), lr=0.05)
    for step in range(200):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * (1 - step / 200)
        x = torch.randn(64, 8)
        loss = (model(x) - target(x)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 1e-2  # it began near 0.7


def test_vectors_take_adams_step() -> None:
    """Its first step is the learning rate along the gradient's sign."""
    vector = nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    (vector * torch.tensor([5.0, -0.1, 2.0])).sum().backward()
    Muon([vector], lr=0.1).step()
    assert vector.tolist() == pytest.approx([0.99, -1.99, 2.99], abs=1e-5)


def test_weights_decay_by_the_rate() -> None:
    weight = nn.Parameter(torch.ones(3, 3))
    weight.grad = torch.zeros(3, 3)
    Muon([{"params": [weight], "weight_decay": 0.5}], lr=0.1).step()
    assert torch.allclose(weight, torch.full((3, 3), 0.95))
