"""Has a plain autoencoder's latent space holes, and a VAE's none? Both in two dimensions, three seeds each.

    DIABOLO_DATA=folder python -m benchmarks.holes                  some 40 minutes on two cores
    ... --datasets mnist --seeds 0 1                                only these
    ... --keep DIR                                                  keep the runs, use those that are there

The table has the share of places, of those that one would sample, that lie far from the codes and decode to
nothing like the data, as `diabolo evaluate` gives it (runtime/latent/holes.py says what that is), seed by
seed. It fails unless every seed of the plain one has more holes than any of the VAE's, by more than what the
seeds of either differ by.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks._shared import runs
from diabolo.train import Run

RECIPES = Path(__file__).parent.parent / "recipes" / "models"
MODELS = {"autoencoder": "mnist-autoencoder-2d", "vae": "mnist-vae-2d"}  # one network, two variants
EPOCHS = {"notmnist": {"autoencoder": 100, "vae": 150}}  # a quarter of MNIST's images an epoch
SEEDS = (0, 1, 2)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.holes")
    parser.add_argument("--datasets", nargs="+", default=["mnist", "notmnist"])
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--epochs 3'")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    print(f"| dataset | variant | {' | '.join(f'seed {seed}' for seed in given.seeds)} | spread |")
    print("|---" * (3 + len(given.seeds)) + "|")
    clear = True
    with runs.folder(given.keep) as folder:
        for dataset in given.datasets:
            shares = {}
            for variant in MODELS:
                shares[variant] = [
                    holes(folder, variant, dataset, s, given.train.split()) for s in given.seeds
                ]
                row = " | ".join(f"{share:.1%}" for share in shares[variant])
                print(f"| {dataset} | {variant} | {row} | {spread(shares[variant]):.1%} |", flush=True)
            clear &= apart(shares["autoencoder"], shares["vae"])
    print(f"\nthe plain autoencoder {'has clearly' if clear else 'has NOT clearly'} more holes")
    return int(not clear)


def holes(folder: Path, variant: str, dataset: str, seed: int, more: list[str]) -> float:
    run = folder / f"{variant}-2d-{Path(dataset).name}-{seed}"
    epochs = EPOCHS.get(dataset, {}).get(variant)
    words = ["--recipe", str(RECIPES / f"{MODELS[variant]}.toml"), "--dataset", dataset, "--seed", str(seed)]
    runs.train(run, variant, *words, *(["--epochs", str(epochs)] if epochs else []), *more)
    share: float = Run.open(run).metrics()["holes"]
    return share


def spread(shares: list[float]) -> float:
    return max(shares) - min(shares)


def apart(more: list[float], less: list[float]) -> bool:
    """Whether the smallest of the one is over the largest of the other by more than either's spread."""
    return min(more) - max(less) > max(spread(more), spread(less))


if __name__ == "__main__":
    raise SystemExit(main())
