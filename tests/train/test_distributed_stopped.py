"""Processes that train together and are told to stop save one checkpoint, and go on from it together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from _resumed import same, settings

from diabolo.train import Run

BEGIN = """
import json, os, signal, sys, time, torch
from diabolo.train import Config, fit, resume
from diabolo.train.errors import StoppedError
from diabolo.train.callbacks import BaseCallback
torch.set_num_threads(1)

class Stops(BaseCallback):
    left = 10
    def step(self, images, loss):
        self.left -= 1
        if not self.left:
            os.kill(WHO, signal.SIGTERM)
        time.sleep(0.05 * (self.left <= 0))

config = Config.from_json(json.loads(sys.argv[1]))
fit(config, "whole")
try:
    fit(config, "cut", callback=Stops())
except StoppedError as error:
    print("told:", error, flush=True)
"""
GO_ON = "from diabolo.train import resume\nresume('cut')\n"


def together(folder: Path, pictures: Path, code: str) -> str:
    """What two processes say that run this code."""
    # 25 steps an epoch: the processes agree after 20 of them, and after the last
    given = {"batch_size": 4, "epochs": 2, "device": "cpu", "precision": "fp32"}
    config = json.dumps(settings(pictures, **given).to_json())
    (folder / "train.py").write_text(code)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*launch, "train.py", config], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_a_signal_to_one_stops_all_and_they_go_on(pictures: Path, tmp_path: Path) -> None:
    said = together(tmp_path, pictures, BEGIN.replace("WHO", "os.getpid()") + GO_ON)
    assert said.count("stopped in epoch 1 after step 20 of 25, and saved") == 2, said
    same(Run.open(tmp_path / "cut"), Run.open(tmp_path / "whole"))


@pytest.mark.long
def test_a_signal_to_torchrun_does_so_as_well(pictures: Path, tmp_path: Path) -> None:
    said = together(tmp_path, pictures, BEGIN.replace("WHO", "os.getppid()"))
    assert said.count("told: stopped in epoch 1 after step 2") == 2, said
    assert not (tmp_path / "cut" / "metrics.json").exists()
    together(tmp_path, pictures, "import torch\ntorch.set_num_threads(1)\n" + GO_ON)
    same(Run.open(tmp_path / "cut"), Run.open(tmp_path / "whole"))
