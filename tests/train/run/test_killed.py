"""Killed at any change of its folder, a training goes on and ends as the unbroken one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from _killer import KILLED
from _resumed import same

from diabolo.train import Config, Run

HERE = Path(__file__).parent
ENDED = {"losses", "reconstructions", "latent_map", "samples", "manifold", "activity"}


class Ground:
    """One unbroken run, with all the places where one may be killed, and the means to kill others."""

    def __init__(self, pictures: Path, folder: Path) -> None:
        self.folder = folder
        options = {"latent_dim": 2, "epochs": 2, "batch_size": 32, "average": 0.9, "network": "dense"}
        config = Config.make("sparse", str(pictures), device="cpu", precision="fp32", **options)
        (folder / "config.json").write_text(json.dumps(config.to_json()))
        ((code, said),) = self.kill({"whole": "0b"})["whole"]
        assert code == 0, said
        self.whole, self.changes = Run.open(folder / "whole"), said.splitlines()

    def kill(self, runs: dict[str, str]) -> dict[str, list[tuple[int, str]]]:
        """Train each run as often as places are given for it; how each of its trainings ended."""
        config, out = self.folder / "config.json", self.folder / "out.json"
        given = [word for name, places in runs.items() for word in (str(self.folder / name), places)]
        command = [sys.executable, str(HERE / "_killer.py"), str(config), str(out), *given]
        subprocess.run(command, check=True, timeout=1800)
        told = json.loads(out.read_text())
        return {name: [(code, said) for code, said in told[str(self.folder / name)]] for name in runs}

    def place(self, change: str, how: str, turn: int = 0) -> str:
        """Where a change is made, the n-th time, as the killer wants to be told it."""
        return f"{[n for n, name in enumerate(self.changes, 1) if name == change][turn]}{how}"

    def check(self, name: str) -> None:
        run = Run.open(self.folder / name)
        same(run, self.whole)
        plots = {path.stem: path.stat().st_size for path in (run.path / "plots").iterdir()}
        assert set(plots) == ENDED
        assert min(plots.values()) > 500
        assert not list(run.path.rglob("*.part"))


@pytest.fixture(scope="module")
def ground(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("killed")
        patch.setenv("DIABOLO_CACHE", str(folder / "cache"))
        return Ground(pictures, folder)


@pytest.fixture(autouse=True)
def _one_cache(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABOLO_CACHE", str(ground.folder / "cache"))


def test_every_file_of_a_run_is_seen_to_be_written(ground: Ground) -> None:
    written = {name.split()[1].removesuffix(".part") for name in ground.changes if name.startswith("rename")}
    there = {str(path.relative_to(ground.whole.path)) for path in ground.whole.path.rglob("*.*")}
    assert written == there - {".lock"}
    assert ground.changes[-1] == "rename metrics.json.part"  # who sees this one knows that all is there


def test_killed_at_the_places_that_hurt(ground: Ground) -> None:
    place = ground.place
    runs = {
        "config": f"{place('rename config.json.part', 'h')},{place('rename config.json.part', 'w')},0b",
        "state": f"{place('rename last/state.safetensors.part', 'h', 1)},0b",
        "plots": f"{place('rename plots/samples.png.part', 'h')},0b",
        "metrics": f"{place('rename metrics.json.part', 'w')},0b",
    }
    for name, ends in ground.kill(runs).items():
        assert [code for code, _ in ends] == [KILLED] * (len(ends) - 1) + [0], ends
        ground.check(name)


@pytest.mark.long
def test_killed_everywhere(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """Before, half-way through and after each write, before each other change; some of them twice."""
    runs = {}
    for number, change in enumerate(ground.changes, 1):
        for how in "bhw" if change.startswith("rename") else "b":
            runs[f"{number}{how}"] = f"{number}{how},0b"
            if how == "h":
                runs[f"{number}{how} twice"] = f"{number}{how},{number}{how},0b"
    rows = []
    for name, ends in ground.kill(runs).items():
        try:
            ground.check(name)
            outcome = "the same bits, all files"
        except Exception as error:  # noqa: BLE001 - whatever is wrong stands in the table
            outcome = f"{type(error).__name__}: {str(error)[:150]} {ends[-1][1][-300:]}"
        codes = " ".join({KILLED: "killed", 0: "ended"}.get(code, f"failed ({code})") for code, _ in ends)
        what = ground.changes[int(name.split()[0][:-1]) - 1]
        rows.append((name, what, codes, outcome))
        shutil.rmtree(ground.folder / name)
    with capsys.disabled():
        for row in [("", "", "", ""), *rows]:
            sys.stdout.write(f"{row[0]:10} {row[1]:42} {row[2]:20} {row[3]}\n")
    assert [row for row in rows if row[3] != "the same bits, all files"] == []
    # a training that goes on makes fewer changes: at the last places a second kill comes too late
    allowed = {"killed ended", "killed killed ended", "killed ended failed (1)"}
    assert {row[2] for row in rows} <= allowed
