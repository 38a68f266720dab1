"""Benchmarks import from the repository's top; the commands they start run in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks._shared import runs
from diabolo.ui.cli import main

ROOT = Path(__file__).parents[2]


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of their own would import torch anew."""

    def diabolo(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    monkeypatch.setattr(runs, "diabolo", diabolo)
