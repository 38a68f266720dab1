"""How much memory is taken to be free, with and without the packages that tell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from _images import load_folder, save

from diabolo.train.datasets import _unfinished
from diabolo.train.datasets._decoding.memory import _UNKNOWN, budget, free


def test_free() -> None:
    assert 2**20 < free() < 2**62
    assert 0 < budget() <= free()


def test_without_psutil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert 0 < free() <= _UNKNOWN
    left = _unfinished.begin(tmp_path)
    load_folder(save(tmp_path / "root", 12))
    os.utime(left, (1, 1))
    _unfinished.sweep(tmp_path)
    assert not left.exists()
