"""The benchmark of disentanglement: its gap, and its comparison at equal reconstruction."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from _commands import in_this_process

from benchmarks.family.disentanglement import better, information_gaps, main
from diabolo.train.datasets.shapes import every_combination


def test_the_gap_of_codes_that_are_the_factors_and_of_mixed_ones() -> None:
    factors = every_combination()
    apart = factors.astype(np.float32)
    np.testing.assert_allclose(information_gaps(apart[:, ::-1], factors), 1)
    np.testing.assert_allclose(information_gaps(np.concatenate([apart, apart], 1), factors), 0, atol=1e-9)
    noise = np.random.default_rng(0).standard_normal(apart.shape).astype(np.float32)
    assert information_gaps(noise, factors).max() < 0.01


def test_the_gap_by_hand() -> None:
    """A dimension that tells which half a factor of four values is in has one bit of its two."""
    factors = np.arange(4).repeat(5)[:, None]
    codes = np.stack([factors[:, 0] // 2, np.zeros(20)], 1).astype(np.float32)
    assert information_gaps(codes, factors).tolist() == pytest.approx([0.5])


def test_it_compares_at_equal_reconstruction(capsys: pytest.CaptureFixture[str]) -> None:
    plain = [(10.0, 0.1), (20.0, 0.3)]
    assert better(plain, [(15.0, 0.21)], [1])
    assert not better(plain, [(15.0, 0.19)], [1])
    assert "(NOT better)" in capsys.readouterr().out
    assert not better(plain, [(25.0, 0.9)], [1])  # there is nothing to compare it with
    assert "no beta-VAE reconstructs as well, or as poorly" in capsys.readouterr().out


def test_it_trains_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_this_process(monkeypatch)
    words = ["--seeds", "3", "--epochs", "1", "--betas", "1", "2", "--weights", "1", "--keep", str(tmp_path)]
    words += ["--train=--width 8 --batch-size 500"]
    main(words)
    first = capsys.readouterr().out
    assert len(re.findall(r"\| --(?:beta|tc-weight) \d \| 3 \|", first)) == 3
    main(words)  # the runs that are there are used
    assert capsys.readouterr().out == first
