"""Two processes that train together end where one does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from diabolo.train import Config, Run, fit, variants
from diabolo.train.distributed import Distributed

CODE = """
import json, sys, torch
from diabolo.train import Config, fit
torch.set_num_threads(1)
for name, config in json.loads(sys.argv[1]).items():
    fit(Config.from_json(config), name)
"""


TRAINED = [*variants.names(), "crops", "fsq", "tc"]
# of 512 vectors, two are so near to an output that the last digit decides: one process differs from itself
# with another number of threads
OPTIONS = {"denoising": {"noise": "gaussian:0.1-0.7"}, "vq": {"vectors": 16}, "fsq": {"quantiser": "fsq"}}
OPTIONS["tc"] = {"tc_weight": 4.0}
VARIANTS = {"crops": "denoising", "fsq": "vq", "tc": "vae"}


def settings(variant: str, pictures: Path) -> Config:
    # 110 images in batches of 15 or 16: the two parts of a batch are of different sizes
    own = {"crop": 16, "network": "conv-spatial", "width": 4} if variant == "crops" else {}
    return Config.make(
        VARIANTS.get(variant, variant),
        str(pictures),
        latent_dim=6,
        epochs=2,
        batch_size=15,
        device="cpu",
        precision="fp32",
        augment="shift:1,mix:0.5" if variant == "autoencoder" else None,
        variant_options=OPTIONS.get(variant, {}),
        **own,
    )


@pytest.fixture(scope="module")
def together(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every variant, each trained by the same two processes."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "train.py").write_text(CODE)
    configs = json.dumps({name: settings(name, pictures).to_json() for name in TRAINED})
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launch, "train.py", configs]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("variant", TRAINED)
def test_two_processes_equal_one(variant: str, pictures: Path, together: Path, tmp_path: Path) -> None:
    one, two = fit(settings(variant, pictures), tmp_path / "one"), Run.open(together / variant)
    ours, theirs = one.read_tensors("model.safetensors"), two.read_tensors("model.safetensors")
    for name, value in ours.items():
        assert torch.allclose(theirs[name], value, atol=1e-3), name
    for ours_row, theirs_row in zip(one.history(), two.history(), strict=True):
        assert theirs_row == pytest.approx(ours_row, rel=1e-3)
    figures = [json.loads((run.path / "metrics.json").read_text()) for run in (one, two)]
    assert figures[1]["mse"] == pytest.approx(figures[0]["mse"], rel=1e-3)
    assert figures[1]["images"] == figures[0]["images"]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_parts_cover_a_batch(count: int) -> None:
    for size in range(30):
        parts = [list(range(size))[Distributed(rank, count).shard(size)] for rank in range(count)]
        assert [row for part in parts for row in part] == list(range(size))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
