"""No work is lost: what is stopped or killed goes on where it was, to the last bit."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _resumed import same, settings
from _stopper import Stopper

from diabolo.train import Run, fit, resume, variants
from diabolo.train.callbacks import BaseCallback
from diabolo.train.errors import RunError, StoppedError, TrainingError
from diabolo.train.evaluation.doctor import diagnose, evidence_of

BEGIN = """
import sys, torch
from diabolo.train import Config, fit, trainer
torch.set_num_threads(1)
trainer._SAVE_AFTER = 0.0  # a checkpoint after every step
fit(Config.from_json({config}), sys.argv[1])
"""


@pytest.fixture
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _pairs() -> list[Any]:
    """Every variant with the usual optimizer, one of them with the other; the rest takes long."""
    usual = [(name, "adam") for name in variants.names()]
    others = [
        pytest.param(name, "muon", marks=[] if name == "vae" else [pytest.mark.long])
        for name in variants.names()
    ]
    return [*usual, *others]


@pytest.mark.parametrize(("variant", "optimizer"), _pairs())
def test_stopped_anywhere_and_continued(
    variant: str, optimizer: str, pictures: Path, tmp_path: Path, one_thread: None
) -> None:
    config = settings(pictures, variant, optimizer=optimizer)
    whole = fit(config, tmp_path / "whole")
    with pytest.raises(StoppedError, match=rf"--resume -o {tmp_path / 'cut'}"):
        fit(config, tmp_path / "cut", callback=Stopper(3))
    assert Run.open(tmp_path / "cut").history() == []
    with pytest.raises(StoppedError, match=r"epoch 2 after step 4"):
        resume(tmp_path / "cut", callback=Stopper(whole_steps(whole) - 3 + 4))
    same(resume(tmp_path / "cut"), whole)


def whole_steps(run: Run) -> int:
    return int(run.read_about("last/state.safetensors")["steps"])


def kill_and_continue(pictures: Path, folder: Path, kills: int, seed: int) -> None:
    config = settings(pictures, epochs=6, device="cpu", precision="fp32")
    whole = fit(config, folder / "whole")
    code = BEGIN.format(config=config.to_json())
    rng = np.random.default_rng(seed)
    command = [sys.executable, "-c", code, str(folder / "killed")]
    started = 0
    for _ in range(kills):
        if (folder / "killed" / "config.json").exists():
            command[2] = BEGIN.replace("fit(Config.from_json({config}), sys.argv[1])", "resume(sys.argv[1])")
            command[2] = command[2].replace("import Config, fit, trainer", "import resume, trainer")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(folder / "killed" / "last" / "state.safetensors", process)
        time.sleep(float(rng.uniform(0, 0.15)))
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        started += process.returncode == -signal.SIGKILL
        assert process.returncode == -signal.SIGKILL or b"has all its" in said or not said, said
    assert started
    ended = (folder / "killed" / "metrics.json").exists()  # the last kill came too late
    same(Run.open(folder / "killed") if ended else resume(folder / "killed"), whole)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the process has written a checkpoint of its own, or ended."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    while process.poll() is None and not (path.exists() and path.stat().st_mtime_ns != before):
        time.sleep(0.005)


@pytest.mark.long
def test_killed_twice(pictures: Path, tmp_path: Path, one_thread: None) -> None:
    kill_and_continue(pictures, tmp_path, kills=2, seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_killed_often(seed: int, pictures: Path, tmp_path: Path, one_thread: None) -> None:
    kill_and_continue(pictures, tmp_path, kills=5, seed=seed)


def test_a_loss_that_is_no_number(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.train.variants import Loss, autoencoder

    really = autoencoder.Variant.loss
    steps = []

    def spoilt(self, model, image, step):  # type: ignore[no-untyped-def]
        loss = really(self, model, image, step)
        steps.append(step.training)
        return Loss(loss.objective * (float("nan") if sum(steps) == 9 else 1.0))

    monkeypatch.setattr(autoencoder.Variant, "loss", spoilt)
    with pytest.raises(TrainingError, match=r"nan in epoch 2 at step 2 of 7\..*--lr"):
        fit(settings(pictures, "autoencoder", average=0.0), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert [each.name for each in diagnose(evidence_of(run))] == ["learning-rate-too-high"]
    assert len(run.history()) == 1
    assert all(torch.isfinite(value).all() for value in run.read_tensors("last/state.safetensors").values())


def test_a_disk_that_is_full(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.train.run import tensors as module

    def full(*arguments: object) -> None:
        Path(str(arguments[1])).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    class Filler(BaseCallback):
        def epoch(self, row: dict[str, float]) -> None:
            monkeypatch.setattr(module, "save_file", full)

    with pytest.raises(RunError, match=r"No space left.*--resume"):
        fit(settings(pictures), tmp_path / "run", callback=Filler())
    assert not list((tmp_path / "run").rglob("*.part"))
    monkeypatch.undo()
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    assert len(resume(tmp_path / "run").history()) == 3


def test_patience(pictures: Path, tmp_path: Path) -> None:
    run = fit(settings(pictures, "autoencoder", epochs=50, patience=2, lr=1.0), tmp_path / "run")
    losses = [row["validation_loss"] for row in run.history()]
    assert len(losses) < 50
    assert len(losses) - 1 - int(np.argmin(losses)) == 2
