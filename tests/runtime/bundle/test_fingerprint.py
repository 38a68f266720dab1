"""What the golden image does not need, the sums need: `verify` sees it when it was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from diabolo.export import export_pair
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle.fingerprint import fingerprint

_Array = np.ndarray


class Half(torch.nn.Module):
    """One of four hidden units wakes only where an image is bright: some noise is, the golden one is not."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.out = torch.nn.Linear(16, 4), torch.nn.Linear(4, 3)
        with torch.no_grad():
            self.layer.weight.fill_(0.5)
            self.layer.bias.copy_(torch.tensor([0.0, 0.0, -1.0, -4.3]))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = torch.relu(self.layer(image.flatten(1)))
        return self.out(hidden), self.out(hidden) - 1


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    decoder = torch.nn.Sequential(
        torch.nn.Linear(3, 16), torch.nn.Sigmoid(), torch.nn.Unflatten(1, (1, 4, 4))
    )
    images = np.random.default_rng(0).random((40, 1, 4, 4), np.float32)
    return export_pair(
        Half(), decoder, images[:2], tmp_path_factory.mktemp("half") / "half", images=images
    ).path


def changed(bundle: Path, graph: str, change: Callable[[dict[str, _Array]], None]) -> list[str]:
    """Change weights of a graph, mend the hashes, and see which checks fail."""
    model = onnx.load(bundle / graph)
    weights = {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in model.graph.initializer}
    change(weights)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))
    (bundle / graph).write_bytes(model.SerializeToString())
    document = json.loads((bundle / "model.json").read_bytes())
    raw = (bundle / graph).read_bytes()
    document["files"][graph] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (bundle / "model.json").write_bytes(manifest.seal(document))
    return [check.name for check in verify(bundle, device="cpu") if not check.ok]


@pytest.fixture
def copy(half: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "half"
    folder.mkdir()
    for file in half.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def of_shape(weights: dict[str, _Array], *shape: int) -> _Array:
    return next(array for array in weights.values() if array.shape in (shape, shape[::-1]))


def test_nothing_changed(copy: Path) -> None:
    assert changed(copy, "encoder.onnx", lambda _: None) == []


def test_a_weight_that_the_golden_image_does_not_need(copy: Path) -> None:
    def change(weights: dict[str, _Array]) -> None:
        out = of_shape(weights, 3, 4)
        (out if out.shape == (4, 3) else out.T)[3] += 0.3

    assert sorted(changed(copy, "encoder.onnx", change)) == ["sum image", "sum latent", "sum log_variance"]


def test_a_decoder_whose_answer_is_no_number_is_told(copy: Path) -> None:
    def change(weights: dict[str, _Array]) -> None:
        of_shape(weights, 16)[0] = np.nan

    assert changed(copy, "decoder.onnx", change)


def test_a_log_variance_that_is_gone(bundles: dict[str, Path], tmp_path: Path) -> None:
    model = onnx.load(bundles["vae"] / "encoder.onnx")
    assert [output.name for output in model.graph.output] == ["latent", "log_variance"]
    found = {check.name for check in verify(bundles["vae"], device="cpu")}
    assert {"sum latent", "sum log_variance", "sum image"} <= found


@pytest.mark.parametrize(("size", "codes"), [(16, 256), (64, 256), (128, 64), (512, 16)])
def test_large_images_have_fewer(size: int, codes: int) -> None:
    seen: list[int] = []

    def decode(latents: _Array) -> _Array:
        seen.append(len(latents))
        return np.zeros((len(latents), 1, size, size), np.float32)

    total = fingerprint(
        lambda x: {"latent": x[:, 0, :2, 0]}, decode, np.zeros((300, 2), np.float32), (1, size, size)
    )
    assert sum(seen) == codes + 8  # images of noise
    assert total["latent"].largest > 0


@pytest.mark.parametrize("size", [16, 128, pytest.param(192, marks=pytest.mark.long)])
def test_a_wide_linear_pair_is_sound(size: int, tmp_path: Path) -> None:
    """Its latents are sums of many pixels, whose rounding is large."""
    rng = np.random.default_rng(1)
    images = rng.random((80, 3, 4, 4), np.float32).repeat(size // 4, axis=2).repeat(size // 4, axis=3)
    mean = images.reshape(80, -1).mean(0)
    _, _, basis = np.linalg.svd(images.reshape(80, -1) - mean, full_matrices=False)
    encoder = torch.nn.Linear(mean.size, 40)
    with torch.no_grad():
        encoder.weight.copy_(torch.from_numpy(basis[:40]))
        encoder.bias.copy_(torch.from_numpy(-basis[:40] @ mean))
    back = torch.nn.Linear(40, mean.size)
    with torch.no_grad():
        back.weight.copy_(torch.from_numpy(basis[:40].T))
        back.bias.copy_(torch.from_numpy(mean))
    pair = (
        torch.nn.Sequential(torch.nn.Flatten(), encoder),
        torch.nn.Sequential(back, torch.nn.Unflatten(1, (3, size, size)), torch.nn.Hardtanh(0, 1)),
    )
    bundle = export_pair(*pair, images[:2], tmp_path / "pca", images=images).path
    assert [check for check in verify(bundle, device="cpu") if not check.ok] == []
    assert Autoencoder.load(bundle, device="cpu").manifest.golden.sums
