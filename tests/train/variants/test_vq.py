"""The variant vq: its gradient, its codebook, and what is measured of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.export import export_run
from diabolo.runtime import Autoencoder
from diabolo.runtime.latent import Codebook
from diabolo.train import Config, fit, variants
from diabolo.train.errors import OptionError
from diabolo.train.step import Step
from diabolo.train.variants.vq import QuantisedHead, Variant

SHAPE = (4, 3, 3)


def head_of(**options: Any) -> QuantisedHead:
    torch.manual_seed(0)
    variant = variants.make("vq", options)
    head = variant.head()
    assert isinstance(head, QuantisedHead)
    head.build(SHAPE)
    return head


def outputs(batch: int = 8) -> torch.Tensor:
    return torch.randn(batch, *SHAPE, generator=torch.Generator().manual_seed(1))


QUANTISERS = pytest.mark.parametrize("quantiser", ["vq", "fsq"])


@QUANTISERS
def test_the_latent_is_one_of_the_vectors(quantiser: str) -> None:
    head = head_of(quantiser=quantiser).eval()
    latent = head(outputs()).latent.detach()
    book = head.distribution(latent.numpy())
    assert isinstance(book, Codebook)
    assert len(book.vectors) == 512
    np.testing.assert_allclose(book.quantise(latent.numpy()), latent.numpy(), atol=1e-6)


def test_the_nearest_by_brute_force() -> None:
    head = head_of(vectors=16).eval()
    raw = outputs()
    points = raw.movedim(1, -1).reshape(-1, 4)
    wanted = [
        min(head.vectors, key=lambda vector: float((vector - point).square().sum())) for point in points
    ]
    found = head(raw).latent.movedim(1, -1).reshape(-1, 4)
    torch.testing.assert_close(found, torch.stack(wanted))


@QUANTISERS
def test_training_and_export_agree(quantiser: str) -> None:
    head = head_of(quantiser=quantiser).eval()
    raw = outputs()
    latent, index, _ = head.quantise(raw, Step(0, 0, training=False))
    torch.testing.assert_close(latent, head(raw).latent)
    torch.testing.assert_close(head.vectors[index.long()].movedim(-1, 1), head(raw).latent)


@QUANTISERS
def test_the_gradient_reaches_the_encoder(quantiser: str) -> None:
    head = head_of(quantiser=quantiser)
    raw = outputs().requires_grad_()
    latent, _, _ = head.quantise(raw, Step(0, 0))
    latent.square().sum().backward()
    assert raw.grad is not None
    assert float(raw.grad.abs().sum()) > 0


def test_the_commitment_draws_the_encoder_to_its_vectors_and_nothing_else() -> None:
    head = head_of(vectors=16)
    memory: dict[str, torch.Tensor] = {}
    head.quantise(outputs(), Step(0, 0, memory=memory))
    raw = outputs().requires_grad_()
    before = head.eval()(raw).latent
    distance = head.train().quantise(raw, Step(0, 1, memory=memory))[2]
    distance.backward()
    assert not list(head.parameters())
    wanted = (raw - before).detach()
    assert float(distance.detach()) == pytest.approx(float(wanted.square().mean()), rel=1e-5)
    torch.testing.assert_close(raw.grad, 2 * wanted / raw.numel())
    at_rest = head.eval().quantise(raw, Step(0, 1, training=False))[2]
    assert float(at_rest.detach()) == pytest.approx(
        float((raw - head(raw).latent).detach().square().mean()), rel=1e-5
    )


def test_the_codebook_follows_the_outputs() -> None:
    head = head_of(vectors=8)
    memory: dict[str, torch.Tensor] = {}
    centres = torch.tensor([[5.0, 0, 0, 0], [-5, 0, 0, 0], [0, 5, 0, 0]])
    generator = torch.Generator().manual_seed(2)
    for number in range(400):
        which = torch.randint(3, (8, 3, 3), generator=generator)
        raw = centres[which].movedim(-1, 1) + 0.01 * torch.randn(8, *SHAPE, generator=generator)
        _, _, distance = head.quantise(raw, Step(0, number, memory=memory))
    assert float(distance.detach()) < 0.01
    near = torch.cdist(centres, head.vectors).min(1).values
    assert float(near.max()) < 0.05


def test_unused_vectors_are_put_where_outputs_are() -> None:
    """Without that, vectors that begin far away stay unused."""
    head = head_of(vectors=64)
    memory: dict[str, torch.Tensor] = {}
    raw = 3 + outputs(32)
    head.quantise(raw, Step(0, 0, memory=memory))
    head.quantiser._codebook.embed[0, 8:] = 1000.0
    head.quantiser._codebook.embed_avg[0, 8:] = 0.0
    head.quantiser._codebook.cluster_size[0, 8:] = 0.0
    for number in range(1, 40):
        head.quantise(raw, Step(0, number, memory=memory))
    _, index, _ = head.quantise(raw, Step(0, 99, training=False))
    assert len(index.unique()) > 40


def test_a_step_of_evaluation_changes_nothing() -> None:
    head = head_of(vectors=16).eval()
    before = {name: value.clone() for name, value in head.state_dict().items()}
    head.quantise(outputs(), Step(0, 0, training=False))
    for name, value in head.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_the_use_of_the_codebook() -> None:
    variant = Variant(variants.find("vq").Options(vectors=4))
    told = variant.pooled({"mse": 1.0}, {"uses": torch.tensor([0.5, 0.25, 0.25, 0.0])})
    assert told["codebook_used"] == 0.75
    assert told["codebook_perplexity"] == pytest.approx(2**1.5)
    assert told["bits_per_position"] == 2
    assert told["mse"] == 1.0
    assert math.isfinite(variant.pooled({}, {"uses": torch.tensor([1.0, 0, 0, 0])})["codebook_perplexity"])


def test_levels_that_are_not_whole() -> None:
    with pytest.raises(OptionError, match=r"500 .* choose from: 512, 1024, 4096"):
        variants.make("vq", {"quantiser": "fsq", "vectors": 500})


@QUANTISERS
def test_the_whole_way(quantiser: str, pictures: Path, tmp_path: Path) -> None:
    """A training, its figures, and an exported pair that knows the same codebook."""
    options = {"quantiser": quantiser}
    config = Config.make("vq", str(pictures), latent_dim=4, epochs=1, width=8, variant_options=options)
    run = fit(config, tmp_path / "run")
    figures = run.metrics()
    assert 0 < figures["codebook_used"] <= 1
    assert 1 <= figures["codebook_perplexity"] <= 512
    model = Autoencoder.load(export_run(run.path, tmp_path / "bundle").path, device="cpu")
    book = model.latent_space.distribution
    assert isinstance(book, Codebook)
    codes = model.encode(run.data().test.images[:] / np.float32(255))
    np.testing.assert_allclose(book.quantise(codes), codes, atol=1e-5)


def test_fsq_has_no_commitment() -> None:
    with pytest.raises(OptionError, match="--commitment 9 is the weight of a distance from learned vectors"):
        variants.make("vq", {"quantiser": "fsq", "commitment": 9.0})


def test_an_export_can_be_checked_in_float64() -> None:
    head = head_of(vectors=16).eval().double()
    assert head(outputs().double()).latent.dtype == torch.float64
