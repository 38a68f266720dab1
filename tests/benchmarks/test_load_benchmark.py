"""The benchmark of many visitors still runs: its tables hold what they say, however fast."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from _linear import make_bundle

pytest.importorskip("gradio")
pytest.importorskip("psutil")

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def test_its_tables(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.visitors.load", str(make_bundle(tmp_path / "tiny"))]
    command += ["--clients", "3", "--rounds", "2", "--sessions", "5", "--seconds", "0.5", "--gradio"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    machine, *tables = done.stdout.split("\n\n")
    assert "cores" in machine
    sessions, memory, calls = (
        [line.strip("| ").split(" | ") for line in table.splitlines()[2:]] for table in tables[1::2]
    )
    apps = ["this app", "with gradio's sessions", "a small gradio app"]
    assert [cells[0] for cells in sessions] == [*apps[:1] * 2, *apps[1:2] * 2, *apps[2:]]
    assert [cells[1] for cells in sessions] == ["decode", "reconstruct"] * 2 + ["backwards"]
    assert [cells[0] for cells in memory] == apps
    assert all(50 < float(cell) < 5000 for cells in memory for cell in cells[1:])
    assert [len(cells) for cells in memory] == [4, 4, 4]
    assert [cells[2] for cells in calls] == ["run", "call", "call, in a session"] * 5
    for cells in calls:
        rate, half, most = (float(cells[place].split(" ")[0]) for place in (3, 5, 6))
        assert rate > 0
        assert 0 < half <= most
        assert ("not reached" in cells[3]) == (rate < 20)
        assert float(cells[8]) > 0
