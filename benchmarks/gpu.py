"""How fast diabolo trains on a CUDA GPU, beside a bare loop and a tutorial's loop, all in one run.

    DIABOLO_DATA=folder python -m benchmarks.gpu

prints the tables of docs/benchmarks.md; some minutes. The work is the CIFAR-10 autoencoder of the UvA
deep-learning course (`_shared/uva.py`) with 384 latent dimensions. All train on the same images, in the
batches that --batches says, for as many epochs and with the same highest learning rate:

- diabolo, and diabolo --compile: the loop that `fit` runs, with AdamW, a warm-up and half a cosine, bf16;
- bare loop: the same steps in the same order and nothing else, the images on the GPU;
- torchvision and DataLoader: as the course has it, Adam at one rate, fp32, images in [-1, 1], four workers.

They take turns in one process. An epoch's steps are timed alone and with all that stands at its end: in
diabolo the validation on held-out images, the best weights, the checkpoint and the history; in the others
nothing. The first epoch of each training, in which kernels are chosen and compiled, is not counted. The error
is the squared one per pixel on the test images, of the weights after the last epoch, in fp32.

The published speeds follow from the times that the course gives for 500 epochs of 175 batches of 256 on an
RTX 3090, 24 cores: 13 min 12 s in PyTorch 1.11, 7 min 14 s in JAX 0.3.13, validation included.

    python -m benchmarks.gpu --device cpu --steps 2 --batches 8    tries the code where there is no GPU
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.transforms import Compose, Normalize, ToTensor

from benchmarks._shared.contest import (
    Clock,
    Result,
    against,
    bare,
    error,
    processor,
    rebuilt,
    tutorial,
    untrained,
)
from benchmarks._shared.uva import Uva
from benchmarks.data import show
from diabolo.train import Config
from diabolo.train.batches.held_out import split
from diabolo.train.datasets import LoadRequest, Split, load
from diabolo.train.distributed import Distributed
from diabolo.train.run import Run
from diabolo.train.trainer import Trainer

LATENT = 384
GOAL = 500_000  # images a second, on an H200
PUBLISHED = {"PyTorch": 500 * 175 * 256 / 792, "JAX": 500 * 175 * 256 / 434}  # images a second, RTX 3090


@dataclass(frozen=True)
class Work:
    """What all of them train on."""

    learn: NDArray[np.uint8]
    held: NDArray[np.uint8]
    test: NDArray[np.uint8]
    index: list[int]  # of the images to learn from, in the training set
    workers: int


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("benchmarks.gpu needs a CUDA device, and torch finds none here; see --device cpu --steps N")
    if "DIABOLO_DATA" not in os.environ:
        sys.exit("DIABOLO_DATA must name the folder that holds cifar-10-batches-py, unpacked")
    name = torch.cuda.get_device_name() if options.device == "cuda" else processor()
    versions = f"torch {torch.__version__}; torchvision {torchvision.__version__}"
    print(f"{name}; {os.cpu_count()} cores; diabolo and bare loop {options.precision}; {versions}")
    best = [compare(batch, options) for batch in options.batches]
    steps, epochs = (against(GOAL, max(values), "{:,.0f}") for values in zip(*best, strict=True))
    print(f"\ndiabolo's best: {steps} images a second in steps alone, {epochs} in whole epochs; ", end="")
    print(f"the goal, on an H200, is {GOAL:,}")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 2048, 8192], help="images in a batch")
    parser.add_argument("--epochs", type=int, default=6, help="of each training, at least 2")
    parser.add_argument("--rounds", type=int, default=3, help="trainings of each way")
    parser.add_argument("--lr", type=float, default=1e-3, help="the highest learning rate of all")
    parser.add_argument("--workers", type=int, default=4, help="of the DataLoader")
    parser.add_argument(
        "--precision", choices=("bf16", "fp32"), default="bf16", help="of all but the tutorial"
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--steps", type=int, help="of an epoch; otherwise all images")
    options = parser.parse_args(arguments)
    if options.epochs < 2:
        parser.error("--epochs must be at least 2: the first one warms up and is not counted")
    return options


def compare(batch: int, options: argparse.Namespace) -> tuple[float, float]:
    """Print the table of one batch size; returns diabolo's best medians, of steps and of whole epochs."""
    config = Config.make(
        "autoencoder",
        "cifar10",
        network=f"{Path(__file__).parent / '_shared' / 'uva.py'}:Uva",
        latent_dim=LATENT,
        batch_size=batch,
        epochs=options.epochs,
        lr=options.lr,
        device=options.device,
        precision=options.precision,
    )
    work = prepare(config, options)
    ways: dict[str, Callable[[Clock], float]] = {
        "diabolo": lambda clock: ours(config, work, clock),
        "diabolo --compile": lambda clock: ours(replace(config, compile=True), work, clock),
        "bare loop, images on the device": lambda clock: least(config, work, clock),
        f"torchvision and DataLoader, {work.workers} workers, fp32": lambda clock: taught(
            config, work, clock
        ),
    }
    found = contest(ways, options.rounds)
    rows = [result.row(name) for name, result in found.items()]
    if batch == 256:
        rows += [(f"published, {name}, RTX 3090", "", f"{n:,.0f}", "") for name, n in PUBLISHED.items()]
    head = ("", "steps alone", "whole epochs", f"test MSE after {config.epochs} epochs")
    show(f"Images a second in batches of {batch}; medians, and the slowest and fastest epoch", head, rows)
    mine = (found["diabolo"], found["diabolo --compile"])
    return max(result.speed("steps") for result in mine), max(result.speed("epochs") for result in mine)


def prepare(config: Config, options: argparse.Namespace) -> Work:
    data = load("cifar10", LoadRequest())
    learn, held = split(data, config.seed)
    test = data.test.images[:]
    if options.steps:
        count = options.steps * config.batch_size
        learn, held, test = learn[:count], held[: config.batch_size], test[: config.batch_size]
    images = data.train.images
    return Work(images[learn], images[held], test, learn.tolist(), options.workers)


def contest(ways: dict[str, Callable[[Clock], float]], rounds: int) -> dict[str, Result]:
    """Train by every way in turn, round after round."""
    results = {name: Result() for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            torch.compiler.reset()  # or the models of later rounds would pass the limit of recompilations
            clock = Clock()
            mistake = way(clock)
            results[name].add(clock.images, clock.steps, clock.epochs, mistake)
    return results


def ours(config: Config, work: Work, clock: Clock) -> float:
    """The loop, put together as `fit` does."""
    variant, model = untrained(config, work.learn)
    with tempfile.TemporaryDirectory(prefix="diabolo-benchmark-") as out:
        trainer = Trainer(
            run=Run.create(Path(out), config, {}),
            variant=variant,
            model=model,
            images=work.learn,
            validation=Split(images=work.held),
            distributed=Distributed(),
            callback=clock,
        )
        clock.start(len(work.learn), config.epochs, 0)
        trainer.train()
    return error(work.test, rebuilt(trainer.model.eval(), work.test, config.device))


def least(config: Config, work: Work, clock: Clock) -> float:
    model = bare(config, work.learn, clock)
    return error(work.test, rebuilt(model.eval(), work.test, config.device))


def taught(config: Config, work: Work, clock: Clock) -> float:
    torch.manual_seed(config.seed)
    transform = Compose([ToTensor(), Normalize((0.5,) * 3, (0.5,) * 3)])
    whole = torchvision.datasets.CIFAR10(os.environ["DIABOLO_DATA"], train=True, transform=transform)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.Subset(whole, work.index),
        batch_size=config.batch_size,
        shuffle=True,
        num_workers=work.workers,
        pin_memory=config.device == "cuda",
    )
    shape = work.learn.shape[1:]
    model = nn.Sequential(Uva.Encoder(shape, LATENT), Uva.Decoder(shape, LATENT), nn.Tanh())
    tutorial(model, loader, config, clock)
    model.eval()

    def call(image: Tensor) -> Tensor:
        out: Tensor = model(image * 2 - 1) / 2 + 0.5
        return out

    return error(work.test, rebuilt(call, work.test, config.device))


if __name__ == "__main__":
    main(sys.argv[1:])
