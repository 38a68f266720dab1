"""A set that lies on the device, and looks at the loss that wait for nobody."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diabolo.train import Config, async_scalar, fit, trainer
from diabolo.train.batches import feed
from diabolo.train.datasets import Images, Rows

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def some(count: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 4, 5), np.uint8)


@pytest.mark.parametrize("piece", [1, 7 * 60, 2**26])
def test_uploaded_by_the_piece(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_PIECE_BYTES", piece)
    rows = Rows(some(), np.arange(29, -1, -1))
    assert np.array_equal(feed.upload(rows, CPU).numpy(), some()[::-1])


@pytest.mark.parametrize("count", [0, 1, 7, 30])
def test_batches_are_those_of_the_array(count: int) -> None:
    order = np.random.default_rng(1).permutation(30)
    pieces = np.array_split(order, count) if count else []
    there = list(feed.feed(feed.upload(some(), CPU), pieces))
    here = list(feed.feed(some(), pieces))
    assert len(there) == count
    assert all(torch.equal(a, b) for a, b in zip(there, here, strict=True))


def test_only_on_a_gpu_and_only_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU is pretended; `benchmarks.gpu` runs on a real one."""
    images = some()
    assert feed.resident(images, CPU) is images
    uploaded = []
    monkeypatch.setattr(feed, "upload", lambda _, device: uploaded.append(device))
    for free, fits in ((images.nbytes * 2, True), (images.nbytes * 2 - 1, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free: (free, free))
        uploaded.clear()
        out = feed.resident(images, CUDA)
        assert (out is not images) == bool(uploaded) == fits


def test_training_is_the_same_from_there(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.make("denoising", str(pictures), latent_dim=4, epochs=2, batch_size=16)
    here = fit(config, tmp_path / "here").path
    sources = []

    def lying_there(images: Images, device: torch.device) -> torch.Tensor:
        sources.append(feed.upload(images, device))
        return sources[-1]

    monkeypatch.setattr(trainer, "resident", lying_there)
    there = fit(config, tmp_path / "there").path
    assert len(sources) == 1
    for name in ("model.safetensors", "history.csv", "metrics.json"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


def test_a_look_at_what_is_there_sees_it() -> None:
    assert async_scalar.AsyncScalar(CPU).exchange(torch.tensor(3.5)) == 3.5


def test_a_look_at_a_gpu_sees_what_was_sent_before(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    def send(value: torch.Tensor) -> tuple[torch.Tensor, SimpleNamespace]:
        return value.clone(), SimpleNamespace(synchronize=lambda: waited.append(float(value)))

    monkeypatch.setattr(async_scalar, "_send", send)
    exchange = async_scalar.AsyncScalar(CUDA).exchange
    assert exchange(torch.tensor(1.0)) is None
    assert [exchange(torch.tensor(2.0)), exchange(torch.tensor(float("nan")))] == [1.0, 2.0]
    assert waited == [1.0, 2.0]
