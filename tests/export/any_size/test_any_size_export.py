"""Exports of models that take images of any size: sides, receptive field, tiles, dtypes, verification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torch import nn

from diabolo.export import ExportError, bundle, export_pair
from diabolo.export.any_size.receptive import receptive_radius
from diabolo.export.bundle import Settings, write
from diabolo.export.pair import check_values, of_model
from diabolo.export.source import Source
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.train import networks
from diabolo.train.model import IdentityHead, Model

CROP = 16


def trained(channels: int = 3, latent_dim: int = 16, **options: Any) -> Model:
    """A model with random weights, none of them zero."""
    torch.manual_seed(0)
    network, shape = networks.find("conv-spatial"), (channels, CROP, CROP)
    pair = network.build(shape, latent_dim, latent_dim, width=8, **options)
    multiple = network.holder.stride(**options)
    latent = network.latent_shape(shape, latent_dim, width=8, **options)
    model = Model(*pair, IdentityHead(), shape, latent, None, multiple).eval()
    for weight in model.parameters():
        weight.data += 0.02 * torch.randn_like(weight)
    return model


def source(model: Model, noise: NoiseSpec | None = None) -> Source:
    pair = of_model(model)
    images = np.random.default_rng(0).random((8, *pair.image_shape), np.float32)
    odd = np.random.default_rng(1).random((2, pair.image_shape[0], 37, 21), np.float32)
    return Source(
        pair=pair,
        name="photos",
        facts={
            "summary": "",
            "variant": "denoising",
            "network": "conv-spatial",
            "dataset": {"name": "", "classes": []},
            "metrics": {},
        },
        training_images=images,
        codes=pair.latents(images),
        test=lambda: iter([odd]),
        arrays={},
        noise=noise,
    )


KINDS = [
    {"depth": 1, "carry": True, "blocks": 1, "activation": "relu"},
    {"depth": 0, "carry": True, "blocks": 1},
    {"depth": 2, "blocks": 1},
    {"depth": 3},
]


@pytest.fixture(scope="module", params=KINDS, ids=str)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    model = trained(**request.param)
    out = tmp_path_factory.mktemp("any") / "bundle"
    write(source(model, NoiseSpec.parse("gaussian:0-0.2")), out, Settings(), lambda _text: None)
    return model, out


@pytest.mark.parametrize(("height", "width"), [(1, 1), (16, 16), (33, 71), (128, 40)])
def test_graphs_equal_torch_at_any_size(exported: tuple[Model, Path], height: int, width: int) -> None:
    model, out = exported
    loaded = Autoencoder.load(out, device="cpu")
    size = loaded.manifest.any_size
    assert size is not None
    assert size.multiple == size.latent_stride == model.multiple
    images = np.random.default_rng(0).random((2, 3, height, width), np.float32)
    step = size.multiple
    padded = np.pad(images, ((0, 0), (0, 0), (0, -height % step), (0, -width % step)), "edge")
    with torch.inference_mode():
        wanted = model(torch.from_numpy(padded)).numpy()[:, :, :height, :width]
    for tile in (0, 16, 24):
        np.testing.assert_allclose(loaded.reconstruct(images, tile=tile), wanted, atol=1e-5)


def test_the_card_shows_a_drawn_scene_and_says_any_size(exported: tuple[Model, Path]) -> None:
    _, out = exported
    card = (out / "README.md").read_text("utf-8")
    size = Autoencoder.load(out, device="cpu").manifest.any_size
    assert size is not None
    step = size.multiple
    assert "![A drawn scene with noise and what the model makes of it](preview.png)" in card
    assert "3 x any height x any width" in card
    assert (
        f"[batch, 3, height, width] in [0, 1]{f', height and width multiples of {step}' * (step > 1)}" in card
    )
    assert f"height / {step} x width / {step}" in card
    with Image.open(out / "preview.png") as picture:
        assert picture.size[0] > 2 * 360
        assert np.asarray(picture.convert("RGB"), np.float32).std() > 20


def test_the_document_says_what_a_reader_needs(exported: tuple[Model, Path]) -> None:
    _, out = exported
    document = json.loads((out / "model.json").read_text("utf-8"))
    assert document["format_version"] == 4
    assert document["image"]["size"] == "any"
    channels = document["latent"]["shape"][0]
    assert document["latent"]["shape"] == [channels, None, None]
    assert all(
        len(document["latent"][key]) == channels for key in ("mean", "deviation", "minimum", "maximum")
    )
    assert len(document["parity"]["sides"]) == 5
    assert document["parity"]["batch_sizes"] == [1, 2, 3]
    for name, axes in (
        ("encoder", ["batch", 3, "height", "width"]),
        ("decoder", ["batch", channels, "latent_height", "latent_width"]),
    ):
        graph = onnx.load(out / f"{name}.onnx").graph
        dims = graph.input[0].type.tensor_type.shape.dim
        assert [dim.dim_param or dim.dim_value for dim in dims] == axes


def test_it_can_be_verified_and_a_changed_weight_is_found(exported: tuple[Model, Path]) -> None:
    _, out = exported
    checks = {check.name: check for check in verify(out)}
    assert all(check.ok for check in checks.values()), checks
    assert {"golden latent", "golden latent at 16 x 40", "sum image", "sum latent"} <= checks.keys()


@pytest.mark.parametrize("dtype", ["fp16", "int8"])
def test_smaller_types_take_any_size(tmp_path: Path, dtype: str) -> None:
    model = trained(**KINDS[0])
    out = tmp_path / "bundle"
    write(source(model), out, Settings(dtype=dtype, force=True), lambda _text: None)
    loaded = Autoencoder.load(out, device="cpu")
    images = np.random.default_rng(0).random((1, 3, 37, 50), np.float32)
    whole = loaded.reconstruct(images, tile=0)
    np.testing.assert_allclose(loaded.reconstruct(images, tile=16), whole, atol=1e-4)
    with torch.inference_mode():
        wanted = model(torch.from_numpy(np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 0)), "edge"))).numpy()
    assert np.abs(whole - wanted[:, :, :37]).mean() < 0.02
    assert all(check.ok for check in verify(out))


def test_int8_that_costs_more_than_a_tenth_of_a_decibel_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([30.0, 29.85])
    monkeypatch.setattr(
        bundle, "figures", lambda *_: {"mse": 0.001, "psnr": next(found), "ssim": 0.9, "images": 2}
    )
    with pytest.raises(ExportError, match=r"8 bits cost 0.15 dB of PSNR, more than 0.1"):
        write(source(trained(**KINDS[0])), tmp_path / "bundle", Settings(dtype="int8"), lambda _text: None)
    assert not (tmp_path / "bundle").exists()


def convolutions(*kernels: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    encoder = nn.Conv2d(1, 4, stride, stride)
    layers = [nn.Conv2d(4, 4, kernel, padding=kernel // 2) for kernel in kernels]
    decoder = nn.Sequential(*layers, nn.Conv2d(4, stride**2, 1), nn.PixelShuffle(stride))
    return encoder.eval(), decoder.eval()


@pytest.mark.parametrize(
    ("pair", "multiple", "radius"),
    [
        (convolutions(1), 1, 0),
        (convolutions(3), 1, 1),
        (convolutions(3, 5), 1, 3),
        (convolutions(3, stride=2), 2, 3),  # a neighbouring cell of 2 x 2, from the far pixel of one's own
        (convolutions(3, 3, stride=4), 4, 11),
    ],
)
def test_the_receptive_radius_is_the_one_that_the_layers_have(
    pair: tuple[nn.Module, nn.Module], multiple: int, radius: int
) -> None:
    assert receptive_radius(*pair, 1, multiple) == radius


def test_each_pixel_of_a_step_of_the_grid_counts() -> None:
    """Of four pixels, the second one sees farthest: a convolution at half the resolution crosses the grid's
    line."""
    encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1))
    decoder = nn.Sequential(
        nn.Conv2d(4, 16, 1), nn.PixelShuffle(2), nn.Conv2d(4, 4, 3, padding=1), nn.PixelShuffle(2)
    )
    assert receptive_radius(encoder, decoder, 1, 4) == 8


def test_a_path_that_a_relu_hides_counts() -> None:
    encoder, decoder = convolutions(3)
    dead = nn.Sequential(nn.Conv2d(4, 4, 5, padding=2), nn.ReLU())
    dead[0].bias.data.fill_(-1e6)
    assert receptive_radius(encoder, nn.Sequential(dead, decoder), 1, 1) == 3


def test_a_norm_over_the_whole_picture_has_no_radius() -> None:
    encoder, decoder = convolutions(3)
    assert receptive_radius(encoder, nn.Sequential(nn.GroupNorm(1, 4), decoder), 1, 1) is None


def test_two_modules_of_another_project_take_any_size(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = nn.Conv2d(3, 8, 4, 2, 1)
    decoder = nn.Sequential(nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid())
    export_pair(encoder, decoder, torch.rand(4, 3, 16, 16), tmp_path / "bundle", any_size=True)
    model = Autoencoder.load(tmp_path / "bundle", device="cpu")
    size = model.manifest.any_size
    assert size is not None
    assert (size.multiple, size.latent_stride) == (2, 2)
    images = np.random.default_rng(0).random((1, 3, 50, 34), np.float32)
    with torch.inference_mode():
        wanted = decoder(encoder(torch.from_numpy(images))).numpy()
    np.testing.assert_allclose(model.reconstruct(images), wanted, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(images, tile=16), wanted, atol=1e-5)


def test_a_tiny_autoencoder_of_diffusers_takes_any_size(tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    torch.manual_seed(0)
    sizes = {f"{part}_block_out_channels": (8, 8) for part in ("encoder", "decoder")}
    model = AutoencoderTiny(**sizes, num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1)).eval()
    last = model.decoder.layers[-1]
    last.weight.data *= 4
    last.bias.data += 0.5  # grey on average: with random weights it would be black, and clipped
    export_pair(
        model.encode,
        model.decode,
        torch.rand(2, 3, 16, 16),
        tmp_path / "bundle",
        value_range=(-1, 1),
        any_size=True,
    )
    loaded = Autoencoder.load(tmp_path / "bundle", device="cpu")
    size = loaded.manifest.any_size
    assert size is not None
    assert size.multiple == size.latent_stride == 2
    assert size.receptive_radius is not None
    for height, width in ((16, 16), (64, 64), (96, 64)):
        images = np.random.default_rng(0).random((1, 3, height, width), np.float32)
        with torch.inference_mode():
            latent = model.encode(torch.from_numpy(2 * images - 1)).latents
            wanted = ((model.decode(latent).sample + 1) / 2).numpy()
        assert np.mean((wanted > 0) & (wanted < 1)) > 0.9
        assert wanted.std() > 0.02
        np.testing.assert_allclose(loaded.reconstruct(images, tile=0), wanted.clip(0, 1), atol=1e-5)
        np.testing.assert_allclose(loaded.reconstruct(images, tile=16), wanted.clip(0, 1), atol=1e-5)


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(768, 8)), "a latent that is a grid"),
        (nn.Conv2d(3, 8, (2, 4), (2, 4)), "a latent that is a grid"),
    ],
)
def test_a_pair_of_one_size_is_refused_for_any_size(tmp_path: Path, encoder: nn.Module, words: str) -> None:
    decoder = nn.Sequential(nn.Flatten(), nn.LazyLinear(768), nn.Sigmoid(), nn.Unflatten(1, (3, 16, 16)))
    decoder(encoder(torch.rand(1, 3, 16, 16)))
    with pytest.raises(ExportError, match=words):
        export_pair(encoder, decoder, torch.rand(4, 3, 16, 16), tmp_path / "bundle", any_size=True)
    assert not (tmp_path / "bundle").exists()


class Fixed(nn.Module):
    """A decoder that gives images of one size, whatever its latent has."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ConvTranspose2d(8, 3, 2, 2)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Images of 16 x 16."""
        return torch.sigmoid(nn.functional.interpolate(self.layer(latent), (16, 16)))


def test_a_decoder_of_one_size_is_refused_for_any_size(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not give images of the size that it gets"):
        export_pair(nn.Conv2d(3, 8, 2, 2), Fixed(), torch.rand(4, 3, 16, 16), tmp_path / "b", any_size=True)


def test_a_latent_that_model_json_cannot_hold_is_refused_before_any_work(tmp_path: Path) -> None:
    """It was refused after minutes, with the advice to export again."""
    with pytest.raises(ExportError, match="1,048,576 values, and a model of one size may have 500,000"):
        check_values((4, 512, 512))
    told: list[str] = []
    encoder, decoder = nn.Conv2d(1, 4, 1), nn.Sequential(nn.Conv2d(4, 1, 1), nn.Sigmoid())
    with pytest.raises(ExportError, match=r"any_size=True"):
        export_pair(encoder, decoder, torch.rand(1, 1, 512, 512), tmp_path / "bundle", note=told.append)
    assert told == []
    assert not (tmp_path / "bundle").exists()
