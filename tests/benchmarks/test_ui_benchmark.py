"""The benchmark of the explorer still runs: its tables hold what they say, however fast."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from _chromium import started
from _coded import save_coded
from _examples import needed

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.long]

ROOT = Path(__file__).parents[2]


def numbers(cells: list[str]) -> list[float]:
    return [float(number) for cell in cells for number in re.findall(r"\d+(?:\.\d+)?", cell)]


def test_its_tables(tmp_path: Path) -> None:
    from diabolo.ui.explorer import _web

    needed("ui/explorer/web has no node_modules: run `npm ci` there", _web.FOLDER.is_dir())
    with started():
        pass  # skipped where no Chromium is
    dense, conv = save_coded(tmp_path / "two"), save_coded(tmp_path / "many", (4, 4, 4))
    command = [sys.executable, "-m", "benchmarks.ui", "--dense", str(dense), "--conv", str(conv)]
    command += ["--moves", "20", "--seconds", "1"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    machine, _title, latency, _other, frames = done.stdout.split("\n\n")
    assert "Chromium" in machine
    rows = [line.strip("| ").split(" | ") for line in latency.splitlines()[2:]]
    assert [cells[0].split(" ")[0] for cells in rows] == ["2-D", "2-D", "64-D", "64-D"]
    assert [cells[1] for cells in rows] == ["browser", "server"] * 2
    for cells in rows:
        moves, half, most, goal, moved_half, moved_most = numbers(cells[2:])
        assert 5 <= moves <= 20  # the page may hear of two as of one
        assert 0 < half <= most
        assert half < moved_half <= moved_most
        assert ("not reached" in cells[4]) == (most > goal)
    rows = [line.strip("| ").split(" | ") for line in frames.splitlines()[2:]]
    for cells in rows:
        rate, goal, slow, longest, moves, pictures = (numbers([cell])[0] for cell in cells[1:])
        assert 0 < rate < 62
        assert slow <= longest
        assert 0 < pictures <= moves + 1
        assert goal == 60
