"""Modules of large images are given few at a time, and those that fit nowhere are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from _modules import GREY, Gaussian, Linear
from torch import Tensor, nn

from diabolo.export import ExportError, export_pair
from diabolo.export.external.adapt import adapt
from diabolo.export.external.peak import MOST, images_at_once
from diabolo.export.memory import most_images
from diabolo.runtime.session import device

LARGE = (3, 256, 256)
IMAGES = torch.rand(4, *LARGE, generator=torch.Generator().manual_seed(0))


class Wide(nn.Module):
    """As many channels as the memory of a few images holds; counts the images that it is given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels, self.given = channels, list[int]()

    def forward(self, image: Tensor) -> Tensor:
        self.given.append(len(image))
        return image[:, :1].expand(-1, self.channels, -1, -1)


@pytest.mark.parametrize(("channels", "wanted"), [(1, MOST), (64, 16), (10**6, 2)])
def test_images_at_once(channels: int, wanted: int) -> None:
    """1 GiB holds four results of 64 channels of 16 images: an expanded tensor takes no memory itself."""
    assert images_at_once(Wide(channels), IMAGES, LARGE) == wanted


def test_a_copy_of_a_weight_does_not_count() -> None:
    weight = torch.rand(3000, 3000)

    def encode(image: Tensor) -> Tensor:
        return image.mean((1, 2, 3), keepdim=True) * (weight + 1)[0, 0]

    assert images_at_once(encode, IMAGES, LARGE) == MOST


def test_small_images_are_not_tried() -> None:
    model = Wide(64)
    assert images_at_once(model, GREY, (1, 8, 8)) == MOST
    assert not model.given


def test_what_fails_is_left_to_the_trial() -> None:
    assert images_at_once(nn.Linear(5, 5), IMAGES, LARGE) == 2


def test_no_more_are_tried_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.export.external.adapt.images_at_once", lambda *_: 2)
    given: list[int] = []
    layer, count = nn.Linear(64, 3), given.append  # the list itself would be copied

    def encode(image: Tensor) -> Tensor:
        count(len(image))
        return layer(image.flatten(1))

    linear = Linear()
    pair = adapt(encode, lambda latent: (linear(latent) + 1) / 2, GREY, (0, 1))
    pair.latents(GREY.numpy())
    assert set(given) == {1, 2, 3}  # 1 and 3 are the other batch sizes of the trial
    assert pair.at_once == 2


def test_a_graph_that_needs_more_memory_than_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("diabolo.export.memory.free_memory", lambda: 100)
    monkeypatch.setattr("diabolo.export.memory._BUDGET", 100)  # up to which nothing is refused
    with pytest.raises(ExportError, match=r"needs 0\.0 GiB for a single image, and 0\.0 are free"):
        export_pair(Gaussian(), Linear(), GREY, tmp_path / "b", value_range=(-1, 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("available", "wanted"), [(15 * 2**30, 2), (2**31 + 100, 1)])
def test_at_least_one_image(available: int, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.export.memory.free_memory", lambda: available)
    monkeypatch.setattr("diabolo.export.memory.bytes_per_image", lambda _graph: 2**31)
    assert most_images([None]) == wanted  # type: ignore[list-item]


def test_the_proof_keeps_no_memory_between_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime's arena would keep the largest batch's memory, and more, in each of four sessions."""
    kept: list[bool] = []

    def create_session(*given: Any, **options: Any) -> tuple[Any, Any]:
        made = device.create_session(*given, **options)
        kept.append(made[0].get_session_options().enable_cpu_mem_arena)
        return made

    monkeypatch.setattr("diabolo.export.parity.create_session", create_session)
    monkeypatch.setattr("diabolo.export.measure.create_session", create_session)
    export_pair(
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), Linear(), GREY, tmp_path / "pair", test=GREY, clip=True
    )
    assert kept == [False] * 4
