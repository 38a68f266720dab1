"""The benchmark of the identity: it trains both models on a folder of photographs, measures and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.photos import identity


def test_both_are_trained_once_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = np.random.default_rng(0)
    for number in range(12):
        pixels = drawn.integers(0, 256, (70, 66 + number, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    monkeypatch.setattr(identity, "NETWORK", identity.NETWORK | {"width": 8, "blocks": 1, "latent_dim": 8})
    words = ["--epochs", "1", "--dataset", str(tmp_path), "--keep", str(tmp_path / "runs")]
    identity.main([*words, "--picture", str(tmp_path / "drawn.png")])
    first = capsys.readouterr().out
    rows = [line.split("|")[1:-1] for line in first.splitlines() if line.startswith(("| plain", "| den"))]
    assert [row[0].strip() for row in rows] == ["plain", "denoising"]
    assert all(5 < float(value) < 60 for row in rows for value in row[1:])
    assert rows[0][3] == rows[1][3]  # the same noise
    with Image.open(tmp_path / "drawn.png") as picture:
        assert picture.width == 3 * 480
    identity.main(words)  # the runs that are there are used
    assert capsys.readouterr().out == first
