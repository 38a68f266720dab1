"""`bench` measures what it says it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from _pair import save_pair
from click.testing import CliRunner, Result

from diabolo.ui.cli import bench, main
from diabolo.ui.cli._shared import timing as _timing


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save_pair(tmp_path / "bundle", latent_shape=(16, 8, 8))


def test_a_row_for_each_device_batch_and_graph(bundle: Path) -> None:
    options = ["--device", "cpu", "--device", "auto", "--batch", 1, "--batch", 7, "--seconds", 0.01]
    done = call("bench", bundle, *options, "--threads", 2, "--json")
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["batch"], row["graph"]) for row in rows] == [
        (n, g) for n in (1, 7) for g in ("encode", "decode")
    ] * 2
    for row in rows:
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert row["images_per_second"] == pytest.approx(1e3 * row["batch"] / row["median_ms"])
        assert (row["threads"], row["rounds"] >= 20) == (2, True)


def test_it_is_a_table(bundle: Path) -> None:
    done = call("bench", bundle, "--device", "cpu", "--batch", 3, "--seconds", 0.01)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["device", "batch", "graph", "median", "p95", "images/s", "rounds"]
    assert [line.split()[:3] for line in lines[1:]] == [["cpu", "3", "encode"], ["cpu", "3", "decode"]]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--batch", 0], 2, "--batch"),
        (["--threads", 0], 2, "--threads"),
        (["--device", "gpu"], 2, "Choose from"),
    ],
)
def test_bad_input_is_told(bundle: Path, options: list[object], code: int, words: str) -> None:
    done = call("bench", bundle, *options)
    assert done.exit_code == code
    assert words in done.stderr


def test_a_batch_that_would_fill_the_memory_is_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_VALUES", 1 << 20)
    done = call("bench", bundle, "--device", "cpu", "--batch", 2048)
    assert done.exit_code == 2
    assert "use at most 1,024" in done.stderr


def test_a_slow_call_is_measured_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def slow() -> None:
        nonlocal now
        now += 3

    monkeypatch.setattr(_timing.time, "perf_counter", lambda: now)
    timing = _timing.measure(slow, 1)
    assert timing.rounds <= 2
    assert timing.median == timing.p95 == 3
