"""Path files that visitors upload to Interpolate: what is not a path of this model gets a message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _coded import save_coded

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import DiaboloError
from diabolo.runtime.latent.path import LatentPath

pytest.importorskip("gradio")

from diabolo.ui.tabs.interpolate import keyframes
from diabolo.ui.tabs.interpolate.opening import notes, path_of
from diabolo.ui.tabs.interpolate.texts import TEXTS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    return Autoencoder.load(save_coded(tmp_path_factory.mktemp("bundles") / "plane"), device="cpu")


def document(count: int = 2, **changes: Any) -> dict[str, Any]:
    keys = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    return LatentPath(keys=keys, steps=5, method="linear").document() | changes


def write(folder: Path, content: Any) -> str:
    file = folder / "path.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        ([], "a JSON object, not a list"),
        ({}, "this is not a path"),
        (document(format_version=99), "format_version 99"),
        (document(format_version="x" * 10_000), "format_version"),
        (document(latent_shape=[1] * 100, keys=[[0.0], [1.0]]), "1 to 8 whole numbers"),
        (document(latent_shape="y" * 10_000), "latent_shape must be"),
        (document(latent_shape=[3], keys=[[0, 0, 0], [1, 1, 1]]), "takes \\[2\\]"),
        (document(keys=[[0, 0], [1, float("inf")]]), "not a finite float32"),
        (document(keys=[[0, 0], [1, "z" * 10_000]]), "not a finite float32"),
        (document(keys=[[0, 0]]), "2 to 256 keys; this one has 1"),
        (document(7), "7 key frames; the app shows at most 6"),
        (document(steps=1), "from 2 to 1000, not 1"),
        (document(method="m" * 10_000), "mmm"),
        (b" " * 4_000_001, "at most 4 MB"),
    ],
)
def test_what_cannot_be_opened(content: Any, said: str, model: Autoencoder, tmp_path: Path) -> None:
    with pytest.raises(DiaboloError, match=said) as found:
        path_of(write(tmp_path, content), model)
    assert len(str(found.value)) < 500


def test_what_is_noted(model: Autoencoder, tmp_path: Path) -> None:
    owner = {"name": "<b>other</b>", "digest": "sha256:" + "0" * 64}
    path = path_of(write(tmp_path, document(6, steps=60, model=owner)), model)
    said = notes(path, model, TEXTS["en"])
    assert "6 key latents" in said
    assert "another model" in said
    assert "<b>" not in said
    assert "60 steps from one key frame to the next; 32 are shown" in said
    plain = path_of(write(tmp_path, document()), model)
    assert "another" not in notes(plain, model, TEXTS["en"])


def test_latents_of_the_page_are_checked(model: Autoencoder) -> None:
    frame = keyframes.packed(model.decode(np.zeros((1, 2), np.float32))[0])
    row = {"frames": [frame, frame], "model": "plane", "latents": [[0.5, 1.5], None]}
    keys = keyframes.keys_of(keyframes.row_of(row), model)
    np.testing.assert_array_equal(keys[0], [0.5, 1.5])
    for wrong in ([1], [1, 2, 3], ["a", "b"], [1, float("nan")], "text", {"a": 1}):
        with pytest.raises(DiaboloError, match="2 numbers"):
            keyframes.keys_of(keyframes.row_of(row | {"latents": [wrong, None]}), model)
    assert keyframes.row_of(row | {"latents": [None]})["latents"] == [None, None]
    assert keyframes.row_of(row | {"before": "text"})["before"] is None
