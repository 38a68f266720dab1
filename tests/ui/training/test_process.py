"""Real trainings of the app, each in a process of its own: killed, continued, stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pair import save_pair

from diabolo.runtime.bundle import Bundle
from diabolo.ui.models.collection import Models
from diabolo.ui.training import process
from diabolo.ui.training.process import Command
from diabolo.ui.training.supervisor import Trainings

WAIT = 300  # seconds, of which most are torch's import


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainings]:
    monkeypatch.setattr(process, "_NICER", 0)  # it would hardly run while every processor is busy with tests
    save_pair(tmp_path / "first")
    made = Trainings(Models({"first": Bundle.open(tmp_path / "first")}), tmp_path / "runs")
    yield made
    if made._command is not None:
        made._command.kill()


def wait(trainings: Trainings, *stages: str, epochs: float = 0) -> dict[str, Any]:
    """The state, once it is one of these, with so many epochs."""
    end = time.monotonic() + WAIT
    while True:
        state = trainings.state({})
        done = (state.get("history") or {}).get("epoch") or [0]
        if state["stage"] in stages and done[-1] >= epochs:
            return state
        assert time.monotonic() < end, state
        assert state["busy"] or state["stage"] in stages, state
        time.sleep(0.05)


def long(pictures: Path) -> list[str]:
    """A training that does not end by itself during a test."""
    options = ["--latent-dim", "2", "--epochs", "100000", "--batch-size", "8", "--device", "cpu"]
    return ["train", "autoencoder", "--dataset", str(pictures), *options]


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed in another way there")
def test_a_killed_training_is_continued_and_stopped(trainings: Trainings, pictures: Path) -> None:
    trainings.start(long(pictures), "a")
    wait(trainings, "training", epochs=2)
    assert trainings._command is not None
    os.kill(trainings._command.pid, signal.SIGKILL)
    state = wait(trainings, "died")
    assert (state["problem"], state["can_resume"]) == ("signal 9", True)
    before = state["history"]["epoch"][-1]

    trainings.resume("a")
    wait(trainings, "training", epochs=before + 1)
    trainings.finish()
    done = wait(trainings, "done")["history"]["epoch"][-1]
    assert before < done < 100_000


def test_glyphs_for_one_epoch(trainings: Trainings) -> None:
    few = ["--classes", "A", "--image-size", "12", "--epochs", "1", "--device", "cpu"]
    trainings.start(["train", "vae", "--dataset", "glyphs", "--latent-dim", "2", *few], "glyphs")
    state = wait(trainings, "done")
    assert state["preview"]["epoch"] == 1
    assert set(state["preview"]["labels"]) == {0}
    assert state["config"]["variant"] == "vae"


def test_what_the_training_refuses_is_told(trainings: Trainings, pictures: Path) -> None:
    trainings.start([*long(pictures), "--crop", "16"], "a")
    assert "any size" in wait(trainings, "refused")["problem"]
    assert not (trainings.root / "a").exists()


def test_the_output_of_a_command_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_NICER", 0)
    command = Command(["info", "no-such-model"])
    assert command.wait(WAIT) == command.code
    assert command.code
    assert "no-such-model" in command.message()
