"""Ctrl-C, SIGTERM and a closed terminal stop a training after the step, with all of it saved."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _resumed import same, settings

from diabolo.train import Run, fit, resume
from diabolo.train.interrupt import Halt, Interrupt

CODE = """
import json, signal, sys, time
for name in ("SIGTERM", "SIGHUP", "SIGINT"):  # whatever the test was started under
    signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
if sys.argv[3:] == ["nohup"]:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
import torch
torch.set_num_threads(1)
from diabolo.train import _fit
from diabolo.ui.cli import main
from diabolo.ui.cli._shared.progress import Bar

class Told(Bar):
    steps = 0
    def step(self, images, loss):
        super().step(images, loss)
        self.steps += 1
        if self.steps == 10:
            told("step")
    def loading(self, what, done, total):
        super().loading(what, done, total)
        if not self.steps:
            told("loading")

def told(where):
    if where == sys.argv[2]:
        print("there", flush=True)
        for _ in range(1200):
            time.sleep(0.05)
            if heard:
                break
        time.sleep(1)  # for a second signal

from diabolo.train.interrupt import Interrupt
heard, ask = [], Interrupt._ask
def hears(self, number, frame):
    heard.append(number)
    ask(self, number, frame)
Interrupt._ask = hears

import diabolo.ui.cli._shared.progress as progress
progress.Bar = Told
really = _fit.measure
def measure(*given):
    told("figures")
    return really(*given)
_fit.measure = measure
main(json.loads(sys.argv[1]))
"""


class Process:
    """`diabolo train` in a process of its own, that comes to a place and stays there for a while."""

    def __init__(self, pictures: Path, out: Path, where: str, *more: str) -> None:
        config = settings(pictures)
        words = ["train", "sparse", "--dataset", str(pictures), "-o", str(out), "--device", "cpu"]
        for name in ("latent_dim", "epochs", "batch_size", "average", "weight_decay", "precision"):
            words += [f"--{name.replace('_', '-')}", str(getattr(config, name))]
        command = [sys.executable, "-c", CODE, json.dumps(words), where, *more]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout
        said = self.process.stdout.readline()
        if said != "there\n":
            pytest.fail(said + self.process.communicate()[1])

    def send(self, *numbers: int) -> tuple[int, str]:
        """How it ended after these signals, and what it said on stderr."""
        for number in numbers:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=120)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    run = fit(settings(pictures), tmp_path_factory.mktemp("signals") / "whole")
    torch.set_num_threads(before)
    return run


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((signal.SIGTERM,), 143),
        pytest.param((signal.SIGHUP,), 129, marks=pytest.mark.long),
        pytest.param((signal.SIGHUP, signal.SIGHUP, signal.SIGTERM), None, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_a_signal_stops_after_the_step(
    numbers: tuple[int, ...], code: int | None, pictures: Path, tmp_path: Path, whole: Run
) -> None:
    ended, said = Process(pictures, tmp_path / "run", "step").send(*numbers)
    assert ended == code if code else ended in (129, 143)
    assert "stopped in epoch 2 after step 3 of 7, and saved" in said
    assert f"diabolo train sparse --resume -o {tmp_path / 'run'}" in said
    assert "Traceback" not in said
    same(resume(tmp_path / "run"), whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143)])
def test_a_second_one_does_not_wait(
    number: int, code: int, pictures: Path, tmp_path: Path, whole: Run
) -> None:
    process = Process(pictures, tmp_path / "run", "step")
    process.process.send_signal(number)
    time.sleep(0.5)  # two at once may arrive as one
    ended, said = process.send(number)
    assert ended == code
    assert "stopped." in said
    assert "Traceback" not in said
    same(resume(tmp_path / "run"), whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143)])
def test_before_the_first_step_nothing_is_left(
    number: int, code: int, pictures: Path, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "cache")  # the pictures are to be decoded
    ended, said = Process(pictures, tmp_path / "run", "loading").send(number)
    assert (ended, said.splitlines()[-1]) == (code, "stopped.")
    assert not (tmp_path / "run").exists()


def test_after_the_last_epoch_it_says_how_to_finish(pictures: Path, tmp_path: Path, whole: Run) -> None:
    ended, said = Process(pictures, tmp_path / "run", "figures").send(signal.SIGTERM)
    assert ended == 143
    assert "stopped before all figures and plots were written" in said
    assert f"--resume -o {tmp_path / 'run'}" in said
    same(resume(tmp_path / "run"), whole)


def test_nohup_is_obeyed(pictures: Path, tmp_path: Path, whole: Run) -> None:
    process = Process(pictures, tmp_path / "run", "step", "nohup")
    process.process.send_signal(signal.SIGHUP)
    ended, said = process.send(signal.SIGTERM)
    assert ended == 143, said


def test_a_terminal_that_is_closed(pictures: Path, tmp_path: Path, whole: Run) -> None:
    """Its shell is told, and so is every write to it from then on: the checkpoint comes first."""
    words = ["train", "sparse", "--dataset", str(pictures), "-o", str(tmp_path / "run"), "--device", "cpu"]
    config = settings(pictures)
    for name in ("latent_dim", "epochs", "batch_size", "average", "weight_decay", "precision"):
        words += [f"--{name.replace('_', '-')}", str(getattr(config, name))]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import os; os.login_tty(0)\n" + CODE, json.dumps(words), "step"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"there" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    process.wait(timeout=120)
    about = Run.open(tmp_path / "run").read_about("last/state.safetensors")
    assert (about["epoch"], about["step"]) == ("1", "3")
    same(resume(tmp_path / "run"), whole)


def test_it_leaves_a_programs_own_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with Interrupt() as interrupt, interrupt.patience():
            os.kill(os.getpid(), signal.SIGTERM)
            assert interrupt.asked is None
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupt.asked == signal.SIGINT
    finally:
        signal.signal(signal.SIGTERM, mine)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_out_of_patience_it_raises() -> None:
    with Interrupt() as interrupt:
        with interrupt.patience():
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Halt) as halt:
            os.kill(os.getpid(), signal.SIGINT)
    assert isinstance(halt.value, KeyboardInterrupt)
    assert halt.value.exit_code == 1
