"""Does every variant's output follow its input, on every set, at the defaults, whatever the seed?

    DIABOLO_DATA=folder python -m benchmarks.alive                     all that lies there: about two hours
    DIABOLO_DATA=folder python -m benchmarks.alive --datasets mnist --variants conv vae --seeds 0 1 2
    ... --keep DIR                                                     keep the runs, use those that are there

A decoder that has died gives the same image for every input. Its error is then at least that of the one image
that is best for all, the training images' mean; a model that follows its input leaves a small share of that
error. The table has this share for every variant and set, the largest over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import runs
from diabolo.train import Run, variants
from diabolo.train.datasets import Images, LoadRequest, find, load, names

SEEDS = (0, 1, 2)
FOLLOWS = 0.75  # of the mean image's error, at most


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alive")
    parser.add_argument("--datasets", nargs="+", default=here(), help="default: all that need no download")
    parser.add_argument("--variants", nargs="+", default=variants.names())
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--epochs 3'")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    print(f"| dataset | MSE of the mean image | {' | '.join(given.variants)} |")
    print("|---" * (2 + len(given.variants)) + "|")
    worst = 0.0
    with runs.folder(given.keep) as folder:
        for dataset in given.datasets:
            still = mean_image_error(dataset)
            shares = [
                max(share(folder, v, dataset, seed, still, given.train.split()) for seed in given.seeds)
                for v in given.variants
            ]
            print(f"| {dataset} | {still:.4f} | {' | '.join(f'{s:.1%}' for s in shares)} |", flush=True)
            worst = max(worst, *shares)
    print(f"\nseeds {', '.join(map(str, given.seeds))}: the largest share is {worst:.1%}, ", end="")
    print(f"{'all outputs follow' if worst <= FOLLOWS else 'NOT all outputs follow'} their inputs")
    return int(worst > FOLLOWS)


def here() -> list[str]:
    """The sets with a name that lie here or are made here."""
    found = [name for name in names() if not find(name).takes_folder]
    return [name for name in found if find(name).made or find(name).locate(LoadRequest())]


def share(folder: Path, variant: str, dataset: str, seed: int, still: float, more: list[str]) -> float:
    """What is left of the mean image's error."""
    run = folder / f"{variant}-{Path(dataset).name}-{seed}"
    runs.train(run, variant, "--dataset", dataset, "--seed", str(seed), *more)
    return float(Run.open(run).metrics()["mse"]) / still


def mean_image_error(dataset: str) -> float:
    """The test MSE of answering every image with the mean of the training images."""
    data = load(dataset, LoadRequest())
    sums = sum(piece.sum(0, dtype=np.float64) for piece in pieces(data.train.images))
    mean = sums / len(data.train) / 255
    errors = sum(float(np.square(piece / 255 - mean).sum()) for piece in pieces(data.test.images))
    return errors / (len(data.test) * mean.size)


def pieces(images: Images) -> Iterator[NDArray[np.uint8]]:
    return (images[start : start + 1000] for start in range(0, len(images), 1000))


if __name__ == "__main__":
    raise SystemExit(main())
