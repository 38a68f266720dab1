"""The figures that the variants reach on real test splits, each by one command; seed 0.

    DIABOLO_DATA=folder python -m benchmarks.quality                 all of them: some hours
    DIABOLO_DATA=folder python -m benchmarks.quality mnist-conv      only these
    ... --keep DIR                                                   keep the runs, use those that are there

Every line trains a model with the arguments that it shows and prints the figure on the test split beside the
one to reach, the number of weights, and the minutes from the run's beginning to its last epoch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import selftaught
from benchmarks._shared import runs
from diabolo.train.datasets import LoadRequest, load

RECIPES = Path(__file__).parent.parent / "recipes"


@dataclass(frozen=True)
class Goal:
    """What to train, what to look at, and what it should be."""

    variant: str
    arguments: tuple[str, ...]
    figures: tuple[tuple[str, str, float], ...]  # name in metrics.json, '<=' or '>=' or '', bound
    evaluate: tuple[str, ...] = ()
    pca: tuple[str, int] | None = None  # the dataset and the components to stand beside
    measure: Callable[[Path], dict[str, float]] | None = None  # more figures of the run


def recipe(name: str) -> tuple[str, ...]:
    return ("--recipe", str(RECIPES / f"{name}.toml"))


BOUND = ("--importance-samples", "500")
GOALS = {
    "mnist-autoencoder": Goal(
        "autoencoder", ("--dataset", "mnist"), (("mse", "<=", 0.0040),), pca=("mnist", 32)
    ),
    "mnist-autoencoder-2d": Goal("autoencoder", recipe("mnist-autoencoder-2d"), (("mse", "<=", 0.033),)),
    "mnist-conv": Goal("conv", recipe("mnist-conv"), (("mse", "<=", 0.0030),)),
    "mnist-sparse": Goal(
        "sparse",
        ("--dataset", "mnist"),
        (("mse", "<=", 0.020), ("activity_gap_largest", "<=", 0.03), ("activity_gap_mean", "<=", 0.01)),
    ),
    "mnist-sparse-plain": Goal(  # the same without the term, for its units' activity
        "sparse",
        ("--dataset", "mnist", "--sparsity-weight", "0"),
        (("mse", "", 0), ("activity", "", 0), ("activity_gap_largest", "", 0)),
    ),
    "mnist-sparse-selftaught": Goal(
        "sparse",
        recipe("mnist-sparse-selftaught"),
        (("codes_percent", ">=", 98.9), ("pixels_percent", "", 0)),
        measure=selftaught.measure,
    ),
    "mnist-denoising": Goal("denoising", recipe("mnist-denoising"), (("denoised_psnr", ">=", 20.5),)),
    "mnist-vae-dense": Goal("vae", recipe("mnist-vae-dense"), (("nats", "<=", 86.5),), BOUND),
    "mnist-vae-conv": Goal("vae", recipe("mnist-vae-conv"), (("nats", "<=", 82.5),), BOUND),
    "cifar10-conv-128": Goal("conv", recipe("cifar10-conv-128"), (("mse", "<=", 0.0040),)),
    "cifar10-conv-64": Goal("conv", recipe("cifar10-conv-64"), (("mse", "<=", 0.0070),)),
    "mnist-topk": Goal(
        "topk",
        recipe("mnist-topk"),
        (("mse", "<=", 0.0101), ("active_per_image", "<=", 20), ("dead_units", "<=", 0)),
    ),
    "mnist-contractive": Goal(
        "contractive", recipe("mnist-contractive"), (("mse", "<=", 0.0100), ("jacobian_norm", "<=", 2.6))
    ),
    "mnist-wasserstein-2d": Goal("wasserstein", recipe("mnist-wasserstein-2d"), (("mse", "<=", 0.0350),)),
    "cifar10-masked": Goal("masked", recipe("cifar10-masked"), (("denoised_psnr", "", 0), ("mse", "", 0))),
    "cifar10-vq": Goal("vq", recipe("cifar10-vq"), (("mse", "<=", 0.0035), ("codebook_used", ">=", 0.6))),
    "notmnist-autoencoder": Goal(
        "autoencoder", ("--dataset", "notmnist"), (("mse", "<=", 0.0174),), pca=("notmnist", 32)
    ),
}


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=", ".join(GOALS))
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    if unknown := [name for name in given.goals if name not in GOALS]:
        parser.error(f"no goal {unknown[0]!r}; choose from {', '.join(GOALS)}")
    print("| goal | arguments | figure | to reach | weights | minutes |\n|---|---|---|---|---|---|")
    with runs.folder(given.keep) as folder:
        for name in given.goals or GOALS:
            print(row(name, GOALS[name], folder), flush=True)


def row(name: str, goal: Goal, folder: Path) -> str:
    run = runs.train(folder / name, goal.variant, *goal.arguments)
    figures = json.loads(runs.diabolo("evaluate", str(run), "--json", *goal.evaluate))
    if goal.measure:
        figures |= goal.measure(run)
    shown = "; ".join(text(figures, key) for key, *_ in goal.figures)
    if goal.pca:
        shown += f" (PCA {pca(*goal.pca):.4f})"
    wanted = "; ".join(
        f"{sign} {bound:g}{'' if reached(figures[key], sign, bound) else ' (not reached)'}"
        for key, sign, bound in goal.figures
        if sign
    )
    arguments = " ".join(a.replace(f"{RECIPES.parent}/", "") for a in goal.arguments)
    return (
        f"| {name} | {goal.variant} {arguments} | {shown} | {wanted} | {runs.weights(run):,} "
        f"| {runs.minutes(run):.1f} |"
    )


def pca(dataset: str, components: int) -> float:
    """The test MSE of the best linear code of that many numbers, fitted to the training images."""
    data = load(dataset, LoadRequest())
    train, test = (split.images[:].reshape(len(split), -1) / 255 for split in (data.train, data.test))
    mean = train.mean(0)
    _, vectors = np.linalg.eigh((train - mean).T @ (train - mean))
    best = vectors[:, -components:]
    return float(np.square((test - mean) - (test - mean) @ best @ best.T).mean())


def text(figures: dict[str, float], key: str) -> str:
    spread = f" ± {figures['nats_error']:.2f}" if key == "nats" else ""
    return f"{key} {figures[key]:.4g}{spread}"


def reached(value: float, sign: str, bound: float) -> bool:
    return value <= bound if sign == "<=" else value >= bound


if __name__ == "__main__":
    main(sys.argv[1:])
