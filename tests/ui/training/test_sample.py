"""What the tab Train shows of the images that are chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diabolo.train import datasets
from diabolo.train.errors import DataError
from diabolo.ui.parts.data_url import from_data_url
from diabolo.ui.training import sample


def mosaic(told: dict[str, Any]) -> Image.Image:
    return from_data_url(told["picture"], "the mosaic", 2000)


def test_a_dataset_is_read_once(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.load(str(pictures), datasets.LoadRequest())
    loaded: list[str] = []
    monkeypatch.setattr(sample, "_seen", {})
    monkeypatch.setattr(datasets, "load", lambda name, _request: loaded.append(name) or data)
    told = sample.of_dataset("shapes")
    assert sample.of_dataset("shapes") == told
    assert loaded == ["shapes"]
    assert told["count"] == len(data.train)
    assert told["size"] == " x ".join(map(str, data.train.images.shape[2:]))
    assert told["classes"] == list(data.classes)
    assert mosaic(told).width >= 400


def test_pictures_of_a_folder_of_any_size(tmp_path: Path) -> None:
    for number, colour in enumerate(["red", "lime", "blue"]):
        (tmp_path / colour).mkdir()
        Image.new("RGB", (30 + number, 90), colour).save(tmp_path / colour / "a.png")
    (tmp_path / "red" / "broken.png").write_bytes(b"no picture")
    told = sample.of_folder(str(tmp_path))
    assert told["count"] == 4
    assert (told["size"], told["classes"]) == ("", ["blue", "lime", "red"])
    pixels = np.asarray(mosaic(told).convert("RGB"))
    middles = pixels[len(pixels) // 2, np.linspace(0, pixels.shape[1], 7).astype(int)[1::2]]
    assert middles.tolist() == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_pictures(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "here"
    if made:
        folder.mkdir()
        (folder / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"here"):
        sample.of_folder(str(folder))
