"""The supervisor: one training at a time, what it refuses, and what it says of how a process ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from _pair import save_pair

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import UsageError
from diabolo.train.errors import RunError
from diabolo.ui.errors import BusyError
from diabolo.ui.models.collection import Models
from diabolo.ui.training import supervisor
from diabolo.ui.training.supervisor import Trainings

WAIT = 30  # seconds


class Process:
    """In the place of a command: runs until the test ends it."""

    begun: list[Process] = []  # noqa: RUF012 - emptied before each test

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = list(arguments)
        self.interrupted = False
        self.said = ""
        self.code: int | None = None
        self._ended = threading.Event()
        Process.begun.append(self)

    def end(self, code: int, said: str = "") -> None:
        self.code, self.said = code, said
        self._ended.set()

    def wait(self, seconds: float | None = None) -> int:
        if not self._ended.wait(seconds or WAIT) or self.code is None:
            raise TimeoutError
        return self.code

    def interrupt(self) -> None:
        self.interrupted = True

    def lines(self) -> list[str]:
        return [self.said] if self.said else []

    def message(self) -> str:
        return self.said


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    Process.begun.clear()
    monkeypatch.setattr(supervisor, "Command", Process)
    save_pair(tmp_path / "first")
    return Trainings(Models({"first": Bundle.open(tmp_path / "first")}), tmp_path / "runs")


def begin(trainings: Trainings, name: str = "a") -> Process:
    trainings.start(["train", "vae", "--dataset", "glyphs"], name)
    return Process.begun[-1]


def write_run(run: Path, *, epochs: int = 0, done: bool = False) -> None:
    """The files of a run that the supervisor looks at."""
    (run / "last").mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"variant": "vae", "dataset_name": "glyphs"}), "utf-8")
    if epochs:
        rows = "".join(f"{epoch},1.0,1.0\n" for epoch in range(1, epochs + 1))
        (run / "history.csv").write_text(f"epoch,loss,validation_loss\n{rows}", "utf-8")
        for name in ("model.safetensors", "last/state.safetensors"):
            (run / name).write_bytes(b"")
    if done:
        (run / "metrics.json").write_text("{}", "utf-8")


def stage(trainings: Trainings, *wanted: str) -> dict[str, Any]:
    """The state, once its stage is one of those."""
    end = time.monotonic() + WAIT
    while (state := trainings.state({}))["stage"] not in wanted:
        assert time.monotonic() < end, state
        time.sleep(0.01)
    return state


def test_a_training_is_the_command_of_the_command_line(trainings: Trainings) -> None:
    process = begin(trainings)
    run = str(trainings.root / "a")
    assert process.arguments == ["train", "vae", "--dataset", "glyphs", "--preview", "-o", run]
    assert stage(trainings, "starting")["busy"]
    process.end(0)


def test_a_second_training_is_refused(trainings: Trainings) -> None:
    process = begin(trainings)
    with pytest.raises(BusyError, match="under way"):
        begin(trainings, "b")
    process.end(0)


def test_a_run_that_exists_is_kept(trainings: Trainings) -> None:
    write_run(trainings.root / "a", epochs=1)
    with pytest.raises(RunError, match=r"exists already.*Continue it, or give another name, such as a-2"):
        begin(trainings)
    assert Process.begun == []


@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", "-o", ".hidden", "a\0b", "a" * 81])
def test_a_run_is_a_folder_in_the_folder_of_the_runs(trainings: Trainings, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        begin(trainings, name)


def test_a_free_name_is_made_of_any_text(trainings: Trainings) -> None:
    write_run(trainings.root / "vae-my-pictures")
    assert trainings.free_name("vae-my pictures") == "vae-my-pictures-2"
    assert trainings.free_name("///") == "run"


def test_a_refused_training_says_why(trainings: Trainings) -> None:
    begin(trainings).end(2, "--noise 'x' is not possible; it must be KIND:LEVEL.")
    state = stage(trainings, "refused")
    assert "--noise" in state["problem"]
    assert not state["can_resume"]


def test_a_killed_training_can_be_continued(trainings: Trainings) -> None:
    process = begin(trainings)
    write_run(trainings.root / "a", epochs=2)
    process.end(-9)
    state = stage(trainings, "died")
    assert (state["problem"], state["can_resume"]) == ("signal 9", True)
    trainings.resume("a")
    run = str(trainings.root / "a")
    assert Process.begun[-1].arguments == ["train", "vae", "--resume", "--preview", "-o", run]
    Process.begun[-1].end(1)


def test_pause_saves_and_can_be_continued(trainings: Trainings) -> None:
    process = begin(trainings)
    write_run(trainings.root / "a", epochs=1)
    trainings.pause()
    assert process.interrupted
    assert trainings.state({})["stage"] == "stopping"
    process.end(1, "stopped in epoch 2, and saved.")
    state = stage(trainings, "paused")
    assert state["can_resume"]
    assert state["problem"] == ""


def test_stop_lets_the_run_end_at_the_epochs_that_are_done(trainings: Trainings) -> None:
    process = begin(trainings)
    write_run(trainings.root / "a", epochs=3)
    trainings.finish()
    process.end(1)
    end = time.monotonic() + WAIT
    while len(Process.begun) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert Process.begun[-1].arguments[2:5] == ["--resume", "--epochs", "3"]
    (trainings.root / "a" / "metrics.json").write_text("{}", "utf-8")
    Process.begun[-1].end(0)
    stage(trainings, "done")


def test_without_an_epoch_there_is_nothing_to_keep(trainings: Trainings) -> None:
    process = begin(trainings)
    write_run(trainings.root / "a")
    trainings.finish()
    process.end(1)
    assert stage(trainings, "paused")["problem"] == "epochs"


def test_pause_without_a_training_is_refused(trainings: Trainings) -> None:
    with pytest.raises(UsageError, match="no training is under way"):
        trainings.pause()


def test_an_exported_run_is_a_model_for_everyone(trainings: Trainings, tmp_path: Path) -> None:
    run = trainings.root / "first"  # a name that another model has
    write_run(run, epochs=1, done=True)
    trainings.export("first")
    assert Process.begun[-1].arguments == ["export", str(run)]
    save_pair(run / "bundle", latent_shape=(2,))
    Process.begun[-1].end(0)
    state = stage(trainings, "exported")
    assert state["model"] == "first (2)"
    assert state["models"] == ["first (2)"]
    assert trainings._models["first (2)"].manifest.latent_shape == (2,)


def test_a_failed_export_says_why_and_can_be_tried_again(trainings: Trainings) -> None:
    write_run(trainings.root / "a", epochs=1, done=True)
    trainings.export("a")
    Process.begun[-1].end(1, "the disk is full.")
    assert stage(trainings, "done")["problem"] == "the disk is full."


def test_an_incomplete_run_is_not_exported(trainings: Trainings) -> None:
    write_run(trainings.root / "a", epochs=1)
    with pytest.raises(RunError, match="not complete"):
        trainings.export("a")


def test_runs_of_earlier_are_listed(trainings: Trainings) -> None:
    write_run(trainings.root / "a", epochs=2)
    write_run(trainings.root / "b", epochs=1, done=True)
    (trainings.root / "b" / "history.csv").write_text("nonsense", "utf-8")
    (trainings.root / "other").mkdir()
    runs = {run["name"]: run for run in trainings.state({})["runs"]}
    assert set(runs) == {"a", "b"}
    assert (runs["a"]["epochs"], runs["a"]["done"]) == (2, False)
    assert runs["b"]["done"]


def test_pictures_that_the_page_has_are_not_sent_again(trainings: Trainings) -> None:
    process = begin(trainings)
    run = trainings.root / "a"
    write_run(run, epochs=1)
    (run / "preview").mkdir()
    (run / "preview" / "epoch.json").write_text('{"epoch": 1, "picture": ""}', "utf-8")
    assert trainings.state({})["preview"]["epoch"] == 1
    assert "preview" not in trainings.state({"run": "a", "epoch": 1})
    process.end(0)


def test_the_end_of_the_app_stops_the_training(trainings: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_ENDED", 0.01)  # this one does not end by itself
    process = begin(trainings)
    trainings.close()
    assert process.interrupted
    process.end(1)
