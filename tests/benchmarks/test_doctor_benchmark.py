"""The benchmark of the doctor: real trainings with a fault are found by name, and sound ones not accused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import doctor
from benchmarks._shared import faults
from diabolo.train.evaluation.doctor import CHECKS

ROOT = Path(__file__).parents[2]
QUICK = ("posterior-collapse", "latent-too-wide", "learning-rate-too-low", "class-missing")
IMAGES = ("duplicate-images", "test-images-in-train", "constant-images", "inverted-images", "wrong-range")


def test_planted_faults_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.main(["--keep", str(tmp_path), *QUICK, *IMAGES])
    count = len(QUICK) + len(IMAGES)
    assert f"{count} of {count} are found" in capsys.readouterr().out


@pytest.mark.long
def test_all_planted_faults_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.main(["--keep", str(tmp_path)])
    out = capsys.readouterr().out
    assert f"{len(faults.FAULTS)} of {len(faults.FAULTS)} are found" in out
    assert out.count("| nothing |") == len(faults.SOUND)


def test_there_is_a_fault_for_nearly_every_check() -> None:
    planted = {each.finding for each in faults.FAULTS}
    assert len(planted) == len(faults.FAULTS) >= len(CHECKS) - 1  # no variant here warns of itself
    assert planted <= set(re.findall(r"`([a-z-]+)`", (ROOT / "docs" / "doctor.md").read_text("utf-8")))
