"""The k-sparse autoencoder: exactly k units, gradients where they belong, and no dead unit at the end."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from diabolo.export.graphs import checked, encoder_graph
from diabolo.export.pair import of_model
from diabolo.train import Config
from diabolo.train.datasets import Split
from diabolo.train.errors import OptionError
from diabolo.train.evaluation.evaluate import evaluate
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase
from diabolo.train.variants.topk import TopKHead

SHAPE, UNITS, KEPT = (1, 8, 8), 12, 3
LAST = "encoder.layers.3"  # the layer whose outputs are the units


def build(**options: float) -> tuple[VariantBase, Model]:
    torch.manual_seed(0)
    given = {"active": KEPT, **options}
    return Config.make("topk", "glyphs", latent_dim=UNITS, width=16, variant_options=given).build(SHAPE)


def images(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def silence(model: Model, units: slice) -> None:
    """Units that are never among the largest."""
    with torch.no_grad():
        model.get_parameter(f"{LAST}.bias")[units] = -3


def gradients(weight: float, memory: dict[str, Tensor]) -> tuple[dict[str, Tensor], float]:
    """The gradient of each parameter with the first six units dead, and the revival error."""
    kind, model = build(revival_weight=weight)
    silence(model, slice(0, 6))
    loss = kind.loss(model, images(20), Step(0, 0, memory=dict(memory)))
    loss.objective.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}, float(
        loss.terms["revival"]
    )


LONG_DEAD = {"silent": torch.tensor([1990.0] * 6 + [0.0] * 6)}


@pytest.mark.parametrize("shape", [(UNITS,), (UNITS, 3, 2)])
@pytest.mark.parametrize("training", [True, False])
def test_exactly_k_units_stay_as_they_are(shape: tuple[int, ...], training: bool) -> None:
    raw = torch.randn(50, *shape, generator=torch.Generator().manual_seed(0))
    latent = TopKHead(KEPT).train(training)(raw).latent
    assert ((latent != 0).sum(1) == KEPT).all()
    least = raw.sort(1, descending=True).values[:, KEPT - 1 : KEPT]
    torch.testing.assert_close(latent, torch.where(raw >= least, raw, 0.0), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_of_equal_units_no_more_stay(dtype: torch.dtype) -> None:
    latent = TopKHead(KEPT)(torch.ones(4, UNITS, dtype=dtype)).latent
    assert ((latent != 0).sum(1) == KEPT).all()


def test_only_kept_units_get_the_gradient_of_the_error() -> None:
    _, model = build()
    raw = model.encoder(images(5)).detach().requires_grad_()
    latent = model.head(raw).latent
    (model.decode(latent) - images(5)).square().sum().backward()
    assert raw.grad is not None
    assert torch.equal(raw.grad != 0, latent != 0)


@pytest.mark.parametrize(
    ("units", "active", "kept"), [(200, None, 20), (6, None, 1), (4, 3, 3), (2, None, 1), (5, 1, 1)]
)
def test_k_is_given_or_a_tenth(units: int, active: int | None, kept: int) -> None:
    options = {} if active is None else {"active": active}
    _, model = Config.make("topk", "glyphs", latent_dim=units, variant_options=options).build(SHAPE)
    assert int((model.encode(images(1)).latent != 0).sum()) == kept


@pytest.mark.parametrize(("units", "active", "words"), [(6, 6, "--active 6"), (1, 1, "--latent-dim 2")])
def test_a_k_that_leaves_nothing_out_is_refused(units: int, active: int, words: str) -> None:
    config = Config.make("topk", "glyphs", latent_dim=units, variant_options={"active": active})
    with pytest.raises(OptionError, match=words):
        config.build(SHAPE)


def test_units_are_dead_only_after_enough_images() -> None:
    kind, model = build()
    silence(model, slice(0, 6))
    memory: dict[str, Tensor] = {}
    shares = [
        float(kind.loss(model, images(200, number), Step(0, number, memory=memory)).terms["dead"])
        for number in range(11)
    ]
    assert shares[:9] == [0.0] * 9
    assert shares[10] >= 0.5
    assert (memory["silent"][:6] == 2000).all()


def test_the_auxiliary_loss_moves_only_dead_units() -> None:
    with_it, error = gradients(1.0, LONG_DEAD)
    without, nothing = gradients(0.0, LONG_DEAD)
    assert error > 0
    assert nothing == 0
    for name in with_it:
        if name.startswith("decoder"):
            torch.testing.assert_close(with_it[name], without[name], rtol=0, atol=0)
    change = with_it[f"{LAST}.bias"] - without[f"{LAST}.bias"]
    assert (change[:6] != 0).any()
    torch.testing.assert_close(change[6:], torch.zeros(6), rtol=0, atol=0)


def test_the_auxiliary_loss_is_minimised() -> None:
    """A small step against its gradient makes the dead units reconstruct better."""
    kind, model = build(revival_weight=1.0)
    silence(model, slice(0, 6))
    rows = [model.get_parameter(f"{LAST}.{name}") for name in ("weight", "bias")]

    def revival() -> tuple[Tensor, float]:
        loss = kind.loss(model, images(20), Step(0, 0, memory=dict(LONG_DEAD)))
        return loss.objective, float(loss.terms["revival"])

    objective, before = revival()
    slopes = torch.autograd.grad(objective, rows)
    with torch.no_grad():
        for row, slope in zip(rows, slopes, strict=True):
            row[:6] -= slope[:6]
    assert revival()[1] < before


@pytest.mark.parametrize(("weight", "revived"), [(1 / 32, True), (0.0, False)])
def test_dead_units_come_back(weight: float, revived: bool) -> None:
    kind, model = build(revival_weight=weight)
    with torch.no_grad():
        model.get_parameter(f"{LAST}.bias")[:6] = -3
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    memory: dict[str, Tensor] = {}
    for number in range(250):
        optimizer.zero_grad()
        kind.loss(model, images(100, number), Step(0, number, memory=memory)).objective.backward()
        optimizer.step()
    seen = (model.encode(images(500, 999)).latent != 0).any(0)
    assert bool(seen[:6].all()) is revived


def test_figures_count_active_and_dead_units() -> None:
    kind, model = build()
    silence(model, slice(0, 6))
    test = Split(images=np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8))
    figures = evaluate(kind, model, test)
    assert figures["active_per_image"] == pytest.approx(KEPT)
    assert figures["activity"] == pytest.approx(KEPT / UNITS)
    by_unit = figures["activity_by_unit"]
    assert len(by_unit) == UNITS
    assert figures["dead_units"] == by_unit.count(0.0) >= 6
    assert figures["loss"] == pytest.approx(figures["mse"], rel=1e-5)


@pytest.mark.parametrize("opset", [18, 21])
def test_the_graph_keeps_k_of_equal_units(opset: int) -> None:
    """Every unit has the same value: its weights are zero."""
    _, model = build()
    with torch.no_grad():
        model.get_parameter(f"{LAST}.weight").zero_()
        model.get_parameter(f"{LAST}.bias").fill_(0.5)
    graph = checked(encoder_graph(of_model(model), opset))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for batch in (1, 5):
        (latent,) = session.run(None, {"image": images(batch).numpy()})
        assert ((latent != 0).sum(1) == KEPT).all()
