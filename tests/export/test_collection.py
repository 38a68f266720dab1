"""A collection of other people's autoencoders: exported and equal to torch, or refused with the reason."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _collection import REFUSED, WORKS
from _modules import GREY
from torch import nn

from diabolo.export import ExportError, export_pair
from diabolo.export.external.adapt import adapt
from diabolo.export.graphs import encoder_graph
from diabolo.runtime import Autoencoder

IMAGES = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(5))
EXPORTED = "changes_its_input", "keeps_its_loss", "normal"  # each takes a second


def make(name: str) -> tuple[Any, Any, dict[str, Any]]:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old weight_norm and torch.jit are deprecated
        return (WORKS[name] if name in WORKS else REFUSED[name][0])()


@pytest.mark.parametrize("name", WORKS)
def test_understood(name: str) -> None:
    """The pair gives one latent and one image for each image, twice the same."""
    encoder, decoder, options = make(name)
    pair = adapt(encoder, decoder, GREY, options.pop("value_range", (0, 1)), **options)
    with torch.no_grad():
        latent = pair.encode(IMAGES)
        images = pair.decoder(latent[0])
    assert {tuple(each.shape) for each in latent} == {(10, *pair.latent_shape)}
    assert images.shape == IMAGES.shape
    assert all(each.dtype == torch.float32 for each in (*latent, images))
    assert not any(module.training for module in pair.encoder.modules())


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    encoder, decoder, options = make(name)
    with pytest.raises(ExportError, match=REFUSED[name][1]):
        export_pair(encoder, decoder, GREY, tmp_path / "b", **options)
    assert not list(tmp_path.iterdir())


def exported(name: str, folder: Path) -> None:
    encoder, decoder, options = make(name)
    low, high = options.get("value_range", (0, 1))
    done = export_pair(encoder, decoder, GREY, folder / name, **options)
    model = Autoencoder.load(done.path, device="cpu")
    pair = adapt(encoder, decoder, GREY, (low, high), clip=True, spread=options.get("spread"))
    with torch.no_grad():
        latent = pair.encode(IMAGES)[0]
        images = pair.decoder(latent)
    np.testing.assert_allclose(model.encode(IMAGES.numpy()), latent.numpy(), atol=1e-4)
    np.testing.assert_allclose(model.reconstruct(IMAGES.numpy()), images.numpy(), atol=1e-4)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported(name: str, tmp_path: Path) -> None:
    exported(name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(set(WORKS) - set(EXPORTED)))
def test_exported_all(name: str, tmp_path: Path) -> None:
    exported(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("dict_mean_std", lambda v: (v[:, :3], 2 * v[:, 3:])),
        ("dict_mean_variance", lambda v: (v[:, :3], v[:, 3:])),
        ("dict_mean_log_std", lambda v: (v[:, :3], 2 * v[:, 3:])),
        ("mean_log_variance_drawn", lambda v: (v[:, :3], v[:, 3:] - 1)),
        ("drawn_mean_log_variance", lambda v: (v[:, :3], v[:, 3:] - 1)),
        ("independent_normal", lambda v: (v[:, :3], 2 * v[:, 3:])),
    ],
)
def test_the_mean_and_the_log_variance(name: str, wanted: Any) -> None:
    encoder, decoder, _ = make(name)
    pair = adapt(encoder, decoder, GREY, (0, 1))
    with torch.no_grad():
        for found, known in zip(pair.encode(GREY), wanted(encoder.layer(GREY.flatten(1))), strict=True):
            torch.testing.assert_close(found, known)


def test_the_caller_s_modules_do_not_change() -> None:
    encoder, inner = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Dropout(0.5)), make("closures")[1]
    encoder.train().half()
    adapt(lambda image: encoder(image), inner, GREY, (0, 1))
    assert encoder.training
    assert encoder[2].training
    assert encoder[1].weight.dtype == torch.float16
    assert encoder[1].weight.requires_grad


class Holder:
    """No module itself, with a module and what cannot be copied in it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.net = nn.Linear(64, 3).half().train()


def test_nor_do_those_that_another_object_holds() -> None:
    holder = Holder()
    encoder = nn.Flatten()
    encoder.holder = holder  # type: ignore[assignment]
    pair = adapt(lambda image: encoder.holder.net(encoder(image)), make("closures")[1], GREY, (0, 1))  # type: ignore[union-attr, operator]
    assert holder.net.training
    assert holder.net.weight.dtype == torch.float16
    assert holder.net.weight.requires_grad
    assert pair.latents(GREY.numpy()).shape == (len(GREY), 3)


def test_what_is_assumed_is_said() -> None:
    said: list[str] = []
    encoder, decoder, _ = make("tuple_of_two")
    adapt(encoder, decoder, GREY, (0, 1), note=said.append)
    assert "mean and the log-variance" in said[0]
    encoder, decoder, _ = make("flat_images")
    adapt(encoder, decoder, GREY, (0, 1), note=said.append)
    assert "takes images as (batch, channels * height * width)" in said[1]


def test_a_fixed_batch_that_only_torch_finds() -> None:
    class Sized(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            latent = image.flatten(1)[:, :3]
            return latent * 2 if len(image) > 5000 else latent

    pair = adapt(Sized(), make("closures")[1], GREY, (0, 1))
    with pytest.raises(ExportError, match="no condition on the size"):
        encoder_graph(pair, 18)
