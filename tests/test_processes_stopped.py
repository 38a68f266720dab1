"""Processes that train together and are told to stop save one checkpoint, and go on from it together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from test_resume import same, settings

from diabolo.train import Run

CODE = """
import json, os, signal, sys, time, torch
from diabolo.train import Config, fit, resume
from diabolo.train.watcher import Silent
torch.set_num_threads(1)

class Stops(Silent):
    left = 10
    def step(self, images, loss):
        self.left -= 1
        if not self.left:
            os.kill(os.getppid(), signal.SIGTERM)  # torchrun, which tells all of us
        time.sleep(0.05 * (self.left <= 0))

what, out, config = sys.argv[1:]
if what == "resume":
    resume(out)
else:
    fit(Config.from_json(json.loads(config)), out, watcher=Stops() if what == "stopped" else None)
"""


def together(what: str, out: Path, config: str) -> tuple[int, str]:
    script = out.parent / "train.py"
    script.write_text(CODE)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*launch, str(script), what, str(out), config], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_stopped_by_torchrun_and_continued(pictures: Path, tmp_path: Path) -> None:
    # 22 steps an epoch: the processes agree after 20 of them, and after the last
    given = {"batch_size": 5, "epochs": 2, "device": "cpu", "precision": "fp32"}
    config = json.dumps(settings(pictures, **given).to_json())
    code, said = together("whole", tmp_path / "whole", config)
    assert code == 0, said
    code, said = together("stopped", tmp_path / "cut", config)
    assert code != 0
    assert "StoppedError: stopped in epoch 1 after step 2" in said
    assert int(Run.open(tmp_path / "cut").read_about("last/state.safetensors")["step"]) in (20, 22)
    code, said = together("resume", tmp_path / "cut", config)
    assert code == 0, said
    same(Run.open(tmp_path / "cut"), Run.open(tmp_path / "whole"))
