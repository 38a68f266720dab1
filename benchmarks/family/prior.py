"""Has a Wasserstein autoencoder fewer holes than a plain one, at a smaller error than a VAE?

    DIABOLO_DATA=folder python -m benchmarks.family.prior           some 25 minutes on one core
    ... --seeds 0 1 --epochs 3                                      only these seeds, fewer epochs
    ... --variants wasserstein infovae                              only these
    ... --keep DIR                                                  keep the runs, use those that are there

One network with a latent of two numbers is trained by each variant for the same epochs, and its holes and its
MSE are measured on the test images (`diabolo evaluate` gives both). It fails unless every seed of the
Wasserstein autoencoder has fewer holes than any of the plain one, by more than what the seeds of either
differ by, and a smaller MSE than any of the VAE.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks._shared import runs
from benchmarks._shared.tables import heading, row
from benchmarks.holes import apart, spread
from diabolo.train import Run

NETWORK = ("--latent-dim", "2", "--width", "256", "--depth", "3", "--lr", "1e-3", "--average", "0.999")
VARIANTS: dict[str, tuple[str, ...]] = {
    "autoencoder": ("autoencoder",),
    "vae": ("vae",),
    "wasserstein": ("wasserstein",),
    "infovae": ("wasserstein", "--encoder", "gaussian", "--alpha", "0"),
}
COMPARED = ("autoencoder", "vae", "wasserstein")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family.prior")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=COMPARED)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--width 64'")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    heading(f"{given.dataset}, {given.epochs} epochs", ("variant", "seed", "holes", "MSE"))
    with runs.folder(given.keep) as folder:
        found = {
            name: [measured(folder, name, seed, given) for seed in given.seeds] for name in given.variants
        }
    return int(not reached(found))


def measured(folder: Path, name: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """The metrics of one training, which is made if it is not there."""
    variant, *options = VARIANTS[name]
    words = [*options, *NETWORK, "--dataset", given.dataset, "--epochs", str(given.epochs)]
    words += ["--seed", str(seed), *given.train.split()]
    run = folder / f"{name}-{Path(given.dataset).name}-{given.epochs}-{seed}"
    figures = Run.open(runs.train(run, variant, *words)).metrics()
    row(name, str(seed), f"{figures['holes']:.1%}", f"{figures['mse']:.5f}")
    return figures


def reached(found: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether both goals are reached; says so of each whose variants were measured."""
    if not {*COMPARED} <= found.keys():
        return True
    holes = {name: [one["holes"] for one in found[name]] for name in COMPARED}
    errors = {name: [one["mse"] for one in found[name]] for name in COMPARED}
    fewer = apart(holes["autoencoder"], holes["wasserstein"])
    smaller = max(errors["wasserstein"]) < min(errors["vae"])
    spreads = ", ".join(f"{name} {spread(holes[name]):.1%}" for name in COMPARED)
    print(f"\nholes differ over seeds by: {spreads}")
    print(f"fewer holes than the plain autoencoder, by more than that: {'yes' if fewer else 'NO'}")
    print(f"a smaller MSE than the VAE with every seed: {'yes' if smaller else 'NO'}")
    return fewer and smaller


if __name__ == "__main__":
    raise SystemExit(main())
