"""The benchmarks still run: on few images, for their result and not for their speed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]

RUNTIME = """
import sys, torch
from benchmarks import runtime
torch.compile = lambda module, **_: module  # takes longer than all the rest
runtime.PROCESSES = 1
runtime.main(sys.argv[1:])
"""

DATA = """
import sys, torchvision, numpy as np
from pathlib import Path
from benchmarks import data
scratch = Path(sys.argv[1])
rng = np.random.default_rng(0)
grey, colour = (rng.integers(0, 256, (300, *s)).astype(np.uint8) for s in ((1, 28, 28), (3, 32, 32)))
data.ROUNDS = 1
data.write_idx(scratch / "torchvision", grey)
print(*data.feeding("MNIST", grey, torchvision.datasets.MNIST, scratch / "torchvision", scratch), sep="|")
data.write_photos(scratch / "photos", colour, 12)
data.write_letters(scratch / "letters", grey, 30)
for name, size in (("photos", (16, 16)), ("letters", (28, 28))):
    print(*data.decoding(name, scratch / name, size), sep="|")
print(data.memory(scratch, 20, 16))
"""


TRAINING = """
import sys, numpy as np
from pathlib import Path
from benchmarks import data, training
ramp = np.linspace(0, 255, 28)[:, None] + np.zeros(28)
images = (np.random.default_rng(0).random((600, 1, 1, 1)) * ramp).astype(np.uint8)
data.write_idx(Path(sys.argv[1]), images)
start = training.output
def output(command, otherwise):  # its own children in this process: each would import torch anew
    return training.main(command[3:]) if command[1] == "-m" else start(command, otherwise)
training.output = output
training.main(["--epochs", "2", "--rounds", "1", *sys.argv[2:]])
print("without pythae")
results = {name: training.Result(100, [[9, 1, 2]], [[9, 2, 4]], [0.01]) for name in training.OWN}
results["bare"] = training.Result(100, [[9, 1, 1]], [[9, 1, 1]], [0.01])
training.report(results, 3)
"""

GPU = """
import sys, numpy as np, torch, torchvision
from PIL import Image
from benchmarks import gpu
from diabolo.train.datasets import ImageData, Split
ramp = np.linspace(0, 255, 32)[:, None] + np.zeros((3, 1, 32))
images = (np.random.default_rng(0).random((40, 1, 1, 1)) * ramp).astype(np.uint8)
class Cifar10(torch.utils.data.Dataset):
    def __init__(self, root, train, transform):
        self.transform = transform
    def __len__(self):
        return len(images)
    def __getitem__(self, index):
        return self.transform(Image.fromarray(images[index].transpose(1, 2, 0))), 0
splits = {"train": Split(images=images), "test": Split(images=images[:8])}
gpu.load = lambda name, request: ImageData(name=name, **splits)
torchvision.datasets.CIFAR10 = Cifar10
torch.compile = lambda module, **_: module  # it takes a minute
options = "--device cpu --precision fp32 --lr 1e-2 --steps 4 --epochs 2 --rounds 1 --workers 0".split()
gpu.main([*options, *sys.argv[1:]])
"""

# as much of pythae as the benchmark uses
PYTHAE = {
    "pythae-9.8.dist-info/METADATA": "Metadata-Version: 2.1\nName: pythae\nVersion: 9.8\n",
    "pythae/models/__init__.py": """
import torch
class AEConfig:
    def __init__(self, input_dim, latent_dim):
        pass
class AE(torch.nn.Module):
    def __init__(self, config, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
""",
    "pythae/models/base/base_utils.py": """
from types import SimpleNamespace as ModelOutput
""",
    "pythae/models/nn/__init__.py": """
from torch.nn import Module as BaseDecoder, Module as BaseEncoder
""",
    "pythae/trainers/__init__.py": """
from types import SimpleNamespace as BaseTrainerConfig
""",
    "pythae/trainers/training_callbacks.py": """
class TrainingCallback:
    pass
""",
    "pythae/pipelines.py": """
from types import SimpleNamespace
class TrainingPipeline:
    def __init__(self, model, training_config):
        self.config, self.trainer = training_config, SimpleNamespace(_best_model=model)
    def __call__(self, train_data, eval_data, callbacks):
        assert train_data.shape[1:] == eval_data.shape[1:] == (1, 28, 28)
        assert 0 <= train_data.min() < train_data.max() <= 1
        for _ in range(self.config.num_epochs):
            for event in ("on_epoch_begin", "on_eval_step_begin", "on_epoch_end"):
                getattr(callbacks[0], event)(self.config)
""",
}

SPEED = r"[\d,]+ \([\d,]+ to [\d,]+\)"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)


def errors(table: str) -> dict[str, float]:
    """The test MSE of every row that has speeds."""
    return {
        name: float(error)
        for name, error in re.findall(rf"^\| ([^|]+) \| {SPEED} \| {SPEED} \| (0\.\d+) \|$", table, re.M)
    }


@pytest.mark.long
def test_data(tmp_path: Path) -> None:
    done = run("-c", DATA, str(tmp_path), DIABOLO_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    feeding, photos, letters, peak = done.stdout.strip().splitlines()
    assert feeding.count(" x") == 2
    assert photos.startswith("photos|")
    assert letters.startswith("letters|")
    assert int(peak) > 50e6


@pytest.mark.long
def test_training(tmp_path: Path) -> None:
    for name, text in PYTHAE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    folder = str(tmp_path / "data")
    arguments = ("-c", TRAINING, folder, "--pythae", sys.executable)
    done = run(*arguments, DIABOLO_DATA=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    heading, *_ = done.stdout.splitlines()
    assert "fp32" in heading or "bf16" in heading
    assert "; pythae 9.8 on torch " in heading
    table, without = done.stdout.split("without pythae\n")
    found = errors(table)
    assert list(found) == ["diabolo", "bare loop of the same steps", "torchvision and DataLoader", "pythae"]
    assert found["diabolo"] == pytest.approx(found["bare loop of the same steps"], abs=2e-5)
    assert 0 < found["diabolo"] < 0.02 < found["torchvision and DataLoader"] < 0.06
    assert 0.06 < found["pythae"] < 0.2  # the one here does not train
    for name, goal in (("pythae", 2.5), ("bare loop of the same steps", 0.9)):
        ratio = re.search(rf"^\| diabolo / {name} \| ([\d.]+) x(.*?) \| .* \| {goal} x \|$", table, re.M)
        assert ratio is not None
        assert ratio[2] == ("" if float(ratio[1]) >= goal else " (not reached)")
    assert "| diabolo / torchvision and DataLoader | " in table
    assert "| diabolo | 75 (50 to 100) | 38 (25 to 50) | 0.01000 |" in without
    assert "| pythae | not given: --pythae PYTHON |  |  |" in without
    assert "| diabolo / pythae | not measured | not measured | 2.5 x |" in without
    assert "bare loop of the same steps | 0.75 x (not reached) | 0.38 x (not reached) | 0.9 x |" in without


@pytest.mark.long
def test_gpu(tmp_path: Path) -> None:
    done = run("-c", GPU, "--batches", "8", "256", DIABOLO_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    _, small, large = done.stdout.split("Images a second in batches of ")
    for table in (small, large):
        found = errors(table)
        assert list(found) == [
            "diabolo",
            "diabolo --compile",
            "bare loop, images on the device",
            "torchvision and DataLoader, 0 workers, fp32",
        ]
        assert found["diabolo"] == pytest.approx(found["bare loop, images on the device"], abs=2e-5)
        assert all(0.05 < error < 0.2 for error in found.values())
    assert "published" not in small
    assert "| published, PyTorch, RTX 3090 |  | 28,283 |  |" in large
    assert "| published, JAX, RTX 3090 |  | 51,613 |  |" in large
    assert re.search(
        r"diabolo's best: [\d,]+ \(not reached\) .* the goal, on an H200, is 500,000$", large.strip()
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_where_there_is_none() -> None:
    done = run("-m", "benchmarks.gpu")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"benchmarks\.gpu needs a CUDA device, and torch finds none here.*\n", done.stderr)


@pytest.mark.long
def test_runtime(runs: dict[str, Path]) -> None:
    done = run("-c", RUNTIME, str(runs["conv"]), "--batches", "1", "3", "--rounds", "2")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[:3]] == ["| batch", "| 1", "| 3"]
    assert {"torch", "torch.compile", "onnxruntime", "diabolo fp32"} <= set(rows[0])
    torchs, ours = (float(row[2].rstrip(" |").replace(",", "")) for row in rows[4:6])
    assert torchs > 1.5 * ours > 0  # megabytes of a process with torch and of one without


@pytest.mark.long
def test_upsampling() -> None:
    done = run("-m", "benchmarks.upsampling", "--batches", "2", "--rounds", "2", "--width", "8")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ")[1:] for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == ["sub-pixel", "transposed", "repeated"] * 2
    assert all(float(row[2].replace(",", "")) > 0 < float(row[3].replace(",", "")) for row in rows)
