"""The benchmark of the identity: it trains both models on a folder of photographs, measures and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _commands import in_this_process  # before the benchmarks: it says where they are
from PIL import Image

from benchmarks.photos import denoisers, identity


def test_both_are_trained_once_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = np.random.default_rng(0)
    for number in range(12):
        pixels = drawn.integers(0, 256, (70, 66 + number, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    small = ["--width", "8", "--blocks", "1", "--latent-dim", "8"]
    monkeypatch.setattr(identity, "SETTINGS", [*identity.SETTINGS, *small])
    in_this_process(monkeypatch)
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


def test_the_mean_of_eight_turned_copies() -> None:
    picture = np.random.default_rng(1).random((1, 5, 7), np.float32)
    down = denoisers.ensemble(lambda noisy, _: noisy * np.linspace(0, 1, noisy.shape[1])[:, None])
    same = denoisers.ensemble(lambda noisy, _: noisy)
    np.testing.assert_allclose(same(picture, 0.1), picture, atol=1e-6)
    np.testing.assert_allclose(down(picture, 0.1), picture / 2, atol=1e-6)  # whatever falls off evens out
