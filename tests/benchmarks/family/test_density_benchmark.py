"""The benchmark of densities: its classifier tells classes apart, and its table is of what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from _commands import in_this_process

from benchmarks.family import density
from diabolo.train.datasets import Split, glyphs


def stripes(count: int = 300) -> Split:
    """Upright and level stripes, which a classifier soon tells apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = np.zeros((count, 1, 16, 16), np.uint8)
    for image, label in zip(images, labels, strict=True):
        (image[0].T if label else image[0])[rng.integers(4) :: 4] = 255
    return Split(images=images, labels=labels.astype(np.int64))


def test_the_classifier_is_sure_of_what_it_knows_and_unsure_of_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(density, "_ROUNDS", 20)
    judge = density.classifier(stripes())
    assert density.right(judge, stripes()) == 1
    known = stripes().images.astype(np.float32) / 255
    grey = np.full((50, 1, 16, 16), 0.5, np.float32)
    assert density.confidence(judge, known) > 0.95
    assert density.confidence(judge, known) > density.confidence(judge, grey)


def test_it_compares_both_densities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_this_process(monkeypatch)
    monkeypatch.setattr(glyphs, "_TRAIN", 2000)
    monkeypatch.setattr(glyphs, "_TEST", 400)
    monkeypatch.setattr(density, "SAMPLES", 200)
    words = ["--dataset", "glyphs", "--seeds", "3", "--epochs", "1", "--keep", str(tmp_path)]
    density.main([*words, "--train=--width 8 --latent-dim 2"])
    said = capsys.readouterr().out
    found = {
        name: float(value)
        for name, value in re.findall(
            r"\| (one gaussian|mixture|codes of test images) \| 3 \| ([\d.]+) ", said
        )
    }
    assert len(found) == 3
    assert all(0.1 <= value <= 1 for value in found.values())
    assert re.search(r"with a mixture: [01] of 1 seeds", said)


@pytest.mark.parametrize(
    ("mixture", "one", "wanted"),
    [
        ((0.9, 0.1), (0.8, 0.2), True),
        ((0.7, 0.1), (0.8, 0.2), False),
        ((0.9, 0.3), (0.8, 0.2), False),
        ((0.9, None), (0.8, 0.2), False),
        ((0.9, 0.0), (0.8, 0.2), True),
    ],
)
def test_both_figures_count(
    mixture: tuple[float, float | None], one: tuple[float, float | None], wanted: bool
) -> None:
    assert density.better(mixture, one) is wanted
