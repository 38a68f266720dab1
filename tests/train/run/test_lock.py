"""One training in a run's folder: a second one is refused, and nobody is left locked out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _resumed import settings

from diabolo.train import Run, fit, resume
from diabolo.train.callbacks import BaseCallback
from diabolo.train.errors import RunError
from diabolo.train.run import lock

SLOW = """
import json, sys, time, torch
from diabolo.train import Config, fit
from diabolo.train.callbacks import BaseCallback
torch.set_num_threads(1)

class Slow(BaseCallback):
    steps = 0
    def step(self, images, loss):
        self.steps += 1
        if self.steps == 20:
            print("there", flush=True)
            time.sleep(600)

fit(Config.from_json(json.loads(sys.argv[1])), sys.argv[2], callback=Slow())
"""


@pytest.fixture
def running(pictures: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A training in RUN, in its third epoch, that is in no hurry."""
    config = json.dumps(settings(pictures).to_json())
    command = [sys.executable, "-c", SLOW, config, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "there\n"
        yield process
        process.kill()


def test_a_second_training_is_refused_until_the_first_is_gone(
    running: subprocess.Popen[str], pictures: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"another training is running in .*run\. .* continue with --resume"):
        resume(tmp_path / "run")
    with pytest.raises(RunError, match=r"another training is running in"):
        fit(settings(pictures), tmp_path / "run")
    assert before == {path: path.stat().st_mtime_ns for path in before}
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(resume(tmp_path / "run").history()) == 3
    whole = fit(settings(pictures), tmp_path / "whole")
    assert whole.history() == Run.open(tmp_path / "run").history()


class Twice(BaseCallback):
    """Begins another training in the run's folder at the first step."""

    def __init__(self, path: Path) -> None:
        self.path, self.said = path, ""

    def step(self, images: int, loss: float | None) -> None:
        if not self.said:
            with pytest.raises(RunError) as error:
                resume(self.path)
            self.said = str(error.value)


def test_it_holds_within_a_process(pictures: Path, tmp_path: Path) -> None:
    callback = Twice(tmp_path / "run")
    fit(settings(pictures, epochs=1), tmp_path / "run", callback=callback)
    assert "another training is running" in callback.said
    resume(tmp_path / "run", epochs=2)


class Notes(BaseCallback):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.EIO])
def test_a_file_system_without_locks_trains_and_says_so(
    code: int, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def none(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", none)
    notes = Notes()
    fit(settings(pictures, epochs=1), tmp_path / "run", callback=notes)
    assert [text for text in notes.said if "without locks" in text] == [
        f"{tmp_path / 'run'} is on a file system without locks: make sure that no second training runs in it"
    ]


class AtEpoch(BaseCallback):
    """Does something to the run's folder after an epoch."""

    def __init__(self, number: int, what: object) -> None:
        self.number, self.what = number, what

    def epoch(self, row: dict[str, float]) -> None:
        if row["epoch"] == self.number:
            self.what()  # type: ignore[operator]


@pytest.mark.parametrize("epoch", [1, 3])  # 3 is the last: figures and plots are missing
@pytest.mark.parametrize("how", ["removed", "renamed", "replaced", "emptied"])
def test_a_folder_that_goes_away_is_reported(how: str, epoch: int, pictures: Path, tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"

    def go() -> None:
        if how == "removed":
            shutil.rmtree(run)
        elif how == "emptied":
            shutil.rmtree(run)
            run.mkdir()
        else:
            run.rename(other)
        if how == "replaced":
            fit(settings(pictures, epochs=1), run)

    word = "was replaced by another one" if how == "replaced" else "was removed or renamed"
    with pytest.raises(RunError, match=rf"the folder {run} {word} during training.*--resume -o NEW-NAME"):
        fit(settings(pictures), run, callback=AtEpoch(epoch, go))
    if how == "replaced":
        assert len(Run.open(run).history()) == 1
    else:
        assert not run.exists() or not list(run.iterdir())
    if other.exists():
        whole = fit(settings(pictures), tmp_path / "whole")
        assert resume(other).history() == whole.history()


def test_the_lock_file_alone_may_go(pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    callback = AtEpoch(1, lambda: (run / lock.LOCK).unlink())
    assert len(fit(settings(pictures), run, callback=callback).history()) == 3


def test_a_folder_in_which_nothing_was_begun_is_free(pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / lock.LOCK).write_text("")
    (run / "config.json.part").write_text('{"variant":')
    with pytest.raises(RunError, match=r"stopped before it began\. .* without --resume"):
        resume(run)
    assert len(fit(settings(pictures), run).history()) == 3
    assert not list(run.glob("*.part"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "film.part").write_text("mine")
    with pytest.raises(RunError, match="is kept as it is"):
        fit(settings(pictures), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["film.part"]


STRANGE = {
    "a link": lambda path, other: path.symlink_to(other),
    "another name": lambda path, other: path.hardlink_to(other),
    "not a file": lambda path, _: os.mkfifo(path),
    "something else is written": lambda path, _: path.write_text("mine"),
}


@pytest.mark.parametrize("why", STRANGE)
def test_a_lock_that_no_training_wrote_is_left_alone(why: str, tmp_path: Path) -> None:
    mine, path = tmp_path / "mine", tmp_path / "run" / lock.LOCK
    mine.write_text("mine")
    path.parent.mkdir()
    STRANGE[why](path, mine)
    told = rf"{path} is not the lock file of a training: .*{why}.* remove that file"
    with pytest.raises(RunError, match=told), lock.hold(path.parent, pytest.fail):
        pass
    with pytest.raises(RunError, match=told):
        lock.refuse_running(path.parent)
    assert mine.read_text() == "mine"
    (path.parent / "config.json").write_text("{}")
    assert lock.Lock(path.parent, "0" * 32).lost() == "was replaced by another one"


@pytest.mark.parametrize("content", ["", "0123", "f" * 32])
def test_a_lock_of_ours_is_taken(content: str, tmp_path: Path) -> None:
    (tmp_path / lock.LOCK).write_text(content)
    with lock.hold(tmp_path, pytest.fail):
        lock.refuse_running(tmp_path / "elsewhere")
        with pytest.raises(RunError, match="another training is running"):
            lock.refuse_running(tmp_path)
    lock.refuse_running(tmp_path)
