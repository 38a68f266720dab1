"""Every network takes every size of image from 8 x 8 to 256 x 256, odd and non-square, grey and colour."""

from __future__ import annotations

import inspect
import re
from importlib import metadata

import pytest
import torch
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diabolo.train import Config, networks
from diabolo.ui.cli import main


def test_found() -> None:
    assert {"dense", "conv", "conv-spatial"} <= set(networks.names())


@pytest.mark.parametrize("name", networks.names())
@settings(max_examples=25, deadline=None)
@given(
    channels=st.sampled_from([1, 3]),
    height=st.integers(8, 256),
    width=st.integers(8, 256),
    latent=st.integers(1, 40),
)
@example(channels=3, height=256, width=256, latent=32)
@example(channels=1, height=8, width=8, latent=1)
@example(channels=3, height=9, width=255, latent=2)
def test_takes_every_size(name: str, channels: int, height: int, width: int, latent: int) -> None:
    found, shape = networks.find(name), (channels, height, width)
    network, (first, *grid) = found.holder, found.latent_shape(shape, latent)
    assert first == latent
    with torch.device("meta"):  # shapes without numbers: a large network costs nothing
        encoder, decoder = network.Encoder(shape, 2 * latent), network.Decoder(shape, latent)
        code = encoder(torch.zeros(2, *shape))
        assert code.shape == (2, 2 * latent, *grid)
        assert decoder(torch.zeros(2, latent, *grid)).shape == (2, *shape)
    weights = sum(p.numel() for module in (encoder, decoder) for p in module.parameters())
    assert weights < 100e6  # trains in less than 2 GB


@pytest.mark.parametrize("name", networks.names())
@pytest.mark.parametrize("shape", [(3, 9, 31), (1, 8, 8), (1, 47, 13)])
def test_gradient_everywhere(name: str, shape: tuple[int, int, int]) -> None:
    """The last rows and columns of an odd size are neither cut off on the way down nor dead on the way up."""
    torch.manual_seed(0)
    network = networks.find(name).holder
    # in double precision: before training two codes differ by less in the image than single rounds away
    encoder, decoder = network.Encoder(shape, 5).double(), network.Decoder(shape, 5).double()
    image = torch.rand(2, *shape, dtype=torch.float64, requires_grad=True)
    out = decoder(encoder(image))
    out.square().sum().backward()
    assert image.grad is not None
    assert (image.grad != 0).float().mean() > 0.99
    assert out.std(dim=0).min() > 0
    for module in (encoder, decoder):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())


@pytest.mark.parametrize("name", networks.names())
def test_width_and_depth(name: str) -> None:
    def weights(**options: int) -> int:
        pair = networks.find(name).build((1, 30, 21), 6, 3, **options)
        assert pair[1](pair[0](torch.rand(2, 1, 30, 21))[:, :3]).shape == (2, 1, 30, 21)
        return sum(p.numel() for module in pair for p in module.parameters())

    takes = inspect.signature(networks.find(name).holder.Encoder).parameters
    if "width" in takes:
        assert weights(width=8) < weights(width=24)
    if "depth" in takes:
        assert weights(depth=1) != weights(depth=3)
    if "blocks" in takes:
        assert weights(blocks=2) > weights(blocks=1) > weights()
    assert weights() == weights(width=None, depth=None)


@pytest.mark.parametrize("depth", [None, 0, 1, 3])
@pytest.mark.parametrize("name", networks.names())
def test_the_latent_is_what_was_declared(name: str, depth: int | None) -> None:
    network, shape = networks.find(name), (1, 30, 21)
    if depth is not None and "depth" not in inspect.signature(network.holder.Encoder).parameters:
        pytest.skip("it takes no depth")
    encoder, decoder = network.build(shape, 6, 3, depth=depth)
    first, *grid = network.latent_shape(shape, 3, depth=depth)
    code = encoder(torch.rand(2, *shape))
    assert code.shape == (2, 2 * first, *grid)
    assert decoder(code[:, :3]).shape == (2, *shape)


@pytest.mark.parametrize(("depth", "grid"), [(None, (8, 6)), (0, (30, 21)), (1, (15, 11)), (3, (4, 3))])
def test_a_grid_of_a_quarter_of_the_side(depth: int | None, grid: tuple[int, int]) -> None:
    network = networks.find("conv-spatial")
    assert network.latent_shape((3, 30, 21), 5, depth=depth) == (5, *grid)
    assert networks.find("conv").latent_shape((3, 30, 21), 5) == (5,)


def test_a_grid_has_a_default_number_of_channels_of_its_own() -> None:
    assert Config.make("vae", "glyphs", network="conv-spatial").latent_dim == 4
    assert Config.make("vae", "glyphs", network="conv-spatial", latent_dim=7).latent_dim == 7
    assert Config.make("vae", "glyphs", network="conv").latent_dim == 20
    help_text = CliRunner().invoke(main, ["train", "vae", "--help"]).stdout
    # other networks may come before and after it
    assert re.search(r"4 with conv-spatial[^.]*\)\. \[default: 20\]", " ".join(help_text.split()))


def test_a_network_that_cannot_be_loaded_does_not_take_the_help_away(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("wave", "no_such_module_waves", "diabolo.train.networks")
    monkeypatch.setattr(
        metadata, "entry_points", lambda **chosen: metadata.EntryPoints([point]).select(**chosen)
    )
    shown = CliRunner().invoke(main, ["train", "vae", "--help"])
    assert shown.exit_code == 0, shown.output
    assert "wave" in shown.stdout
