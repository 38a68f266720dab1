"""How fast diabolo trains, beside a bare loop, a tutorial's loop and pythae, all in one run on the processor.

    DIABOLO_DATA=folder python -m benchmarks.training --pythae pythae/bin/python

prints the tables of docs/benchmarks.md; some minutes. pythae is no part of this project: it lives in an
environment of its own, which borrows torch from this one and is made by

    python -m venv pythae
    here=$(python -c "import site; print(site.getsitepackages()[0])")
    there=$(pythae/bin/python -c "import site; print(site.getsitepackages()[0])")
    echo $here > $there/borrowed.pth
    pythae/bin/pip install pythae

All train 784-512-16-512-784 on the same MNIST images in batches of 128, for as many epochs and with the same
highest learning rate, and otherwise as each of them does:

- diabolo: `fit` with its defaults but for the net: AdamW, a warm-up and half a cosine, GELU, bf16 where the
  processor has instructions for it;
- bare loop: the same steps in the same order, and nothing else;
- tutorial: torchvision's MNIST through a DataLoader, Adam at one rate, fp32, ReLU, a look at the loss after
  every step;
- pythae: its TrainingPipeline, Adam at one rate, fp32, ReLU. Its loss is summed over pixels where the others'
  is their mean; to Adam, which divides by the gradient's size, that is the same.

Every measurement is a process of its own, and they take turns. An epoch's steps are timed alone and with all
that stands at its end: in diabolo the validation on held-out images, the best weights, the checkpoint and the
history; in pythae the validation and a copy of the best model; in the other two nothing. The first epoch of
each training is not counted. The error is the squared one per pixel on the test images, taken by the same
code for all, of the weights that each ends with: diabolo's and pythae's best on the held-out images, the
others' last.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

from benchmarks._shared.contest import Clock, Result, against, bare, error, processor, rebuilt, tutorial
from benchmarks.data import show, write_idx
from diabolo.train import Config, fit
from diabolo.train.batches.held_out import split
from diabolo.train.datasets import LoadRequest, load
from diabolo.train.devices import choose_precision

WAYS = {
    "diabolo": "diabolo",
    "bare": "bare loop of the same steps",
    "tutorial": "torchvision and DataLoader",
    "pythae": "pythae",
}
GOALS = {"pythae": 2.5, "bare": 0.9, "tutorial": 0.0}  # diabolo's speed in units of theirs


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    config = settings(options)
    if options.one:
        measure(options.one, Path(options.folder), config)
        return
    print(heading(config.precision, options.pythae), flush=True)
    with tempfile.TemporaryDirectory(prefix="diabolo-benchmark-") as folder:
        results = contest(Path(folder), config, options)
    report(results, options.epochs)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training")
    parser.add_argument("--epochs", type=int, default=3, help="of each training, at least 2")
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each way")
    parser.add_argument("--lr", type=float, default=3e-3, help="the highest learning rate of all")
    parser.add_argument("--precision", default="auto", help="of diabolo and the bare loop")
    parser.add_argument("--compile", action="store_true", help="diabolo trains with torch.compile")
    parser.add_argument("--pythae", metavar="PYTHON", help="an interpreter that has torch and pythae")
    parser.add_argument("--one", choices=list(WAYS)[:3], help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.epochs < 2:
        parser.error("--epochs must be at least 2: the first one warms up and is not counted")
    return options


def settings(options: argparse.Namespace) -> Config:
    return Config.make(
        "autoencoder",
        "mnist",
        width=512,
        depth=1,
        latent_dim=16,
        epochs=options.epochs,
        lr=options.lr,
        precision=choose_precision(options.precision, "cpu"),
        compile=options.compile,
    )


def contest(folder: Path, config: Config, options: argparse.Namespace) -> dict[str, Result]:
    """Train by every way in turn, round after round."""
    data = load("mnist", LoadRequest())
    test = data.test.images[:]
    learn, held = (data.train.images[index] for index in split(data, config.seed))
    for name, images in (("learn", learn), ("held", held), ("test", test)):
        np.save(folder / f"{name}.npy", images)
    write_idx(folder / "torchvision", learn)
    own = [sys.executable, "-m", "benchmarks.training"]
    own += ["--epochs", str(config.epochs), "--lr", str(config.lr), "--folder", str(folder)]
    own += ["--precision", config.precision, *(["--compile"] if config.compile else [])]
    commands = {name: [*own, "--one", name] for name in list(WAYS)[:3]}
    if options.pythae:
        numbers = (config.epochs, config.batch_size, config.lr, config.seed)
        script = Path(__file__).parent / "_shared" / "pythae.py"
        commands["pythae"] = [options.pythae, "-P", str(script), str(folder), *map(str, numbers)]
    results = {name: Result() for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            output(command, f"{name} failed")
            about = json.loads((folder / f"{name}.json").read_text())
            results[name].add(**about, error=error(test, np.load(folder / f"{name}.npy")))
    return results


def output(command: list[str], otherwise: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{otherwise}:\n{done.stderr}")
    return done.stdout.strip()


def heading(precision: str, pythae: str | None) -> str:
    """Processor, precision, threads and versions."""
    said = [processor(), f"{torch.get_num_threads()} threads"]
    said += [f"diabolo and bare loop {precision}, the others fp32"]
    said += [f"torch {torch.__version__}", f"torchvision {torchvision.__version__}"]
    if pythae:
        code = "from importlib.metadata import version as v; print(v('pythae'), 'on torch', v('torch'))"
        said.append("pythae " + output([pythae, "-c", code], f"{pythae} has no torch or no pythae"))
    return "; ".join(said)


def measure(name: str, folder: Path, config: Config) -> None:
    """One training, in this process; its times and its reconstructions go into files."""
    clock = Clock()
    model = OWN[name](folder, config, clock).eval()
    np.save(folder / f"{name}.npy", rebuilt(model, np.load(folder / "test.npy"), "cpu"))
    about = {"steps": clock.steps, "epochs": clock.epochs, "images": clock.images}
    (folder / f"{name}.json").write_text(json.dumps(about))


def ours(folder: Path, config: Config, clock: Clock) -> nn.Module:
    with tempfile.TemporaryDirectory(dir=folder) as out:
        return fit(config, out, callback=clock).load()[1]


def least(folder: Path, config: Config, clock: Clock) -> nn.Module:
    return bare(config, np.load(folder / "learn.npy"), clock)


def taught(folder: Path, config: Config, clock: Clock) -> nn.Module:
    torch.manual_seed(config.seed)
    transform = torchvision.transforms.ToTensor()
    dataset = torchvision.datasets.MNIST(str(folder / "torchvision"), train=True, transform=transform)
    loader = torch.utils.data.DataLoader(dataset, batch_size=config.batch_size, shuffle=True)
    model = nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 16)),
        *(nn.Linear(16, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))),
    )
    tutorial(model, loader, config, clock)
    return model


OWN: dict[str, Callable[[Path, Config, Clock], nn.Module]] = {
    "diabolo": ours,
    "bare": least,
    "tutorial": taught,
}


def report(results: dict[str, Result], epochs: int) -> None:
    """Print the two tables."""
    missing = ("not given: --pythae PYTHON", "", "")
    rows = [
        results[name].row(title) if name in results else (title, *missing) for name, title in WAYS.items()
    ]
    head = ("", "steps alone", "whole epochs", f"test MSE after {epochs} epochs")
    show("Images a second in training; medians, and the slowest and fastest epoch", head, rows)
    ratios = [(f"diabolo / {WAYS[name]}", *ratio(results, name, goal)) for name, goal in GOALS.items()]
    show("Ratios of the medians", ("", "steps alone", "whole epochs", "goal"), ratios)


def ratio(results: dict[str, Result], name: str, goal: float) -> tuple[str, ...]:
    wanted = f"{goal} x" if goal else ""
    if name not in results:
        return ("not measured", "not measured", wanted)
    both = (results["diabolo"].speed(what) / results[name].speed(what) for what in ("steps", "epochs"))
    return (*(against(goal, value) for value in both), wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
