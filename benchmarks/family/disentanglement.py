"""Do a latent's dimensions follow the factors of an image one by one? The total correlation against beta.

    python -m benchmarks.family.disentanglement                     half an hour on one core
    ... --seeds 0 --epochs 5                                        only this seed, fewer epochs
    ... --keep DIR                                                  keep the runs, use those that are there

VAEs with ten dimensions are trained on `shapes`, whose factors are known: with several beta, and with beta 1
and several weights of the total correlation. Both press on the latent, and cost reconstruction. So the mutual
information gap (MIG) of each weight is compared with that of a beta-VAE of equal reconstruction, on the
straight line between the two nearest beta. The means are over seeds. It fails unless the MIG is higher with
every weight whose reconstruction lies between those of the beta-VAEs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import runs
from benchmarks._shared.tables import heading, row
from diabolo.train import Run
from diabolo.train.datasets.shapes import FACTORS, drawn, every_combination
from diabolo.train.evaluation.evaluate import encode_all

NETWORK = ("--latent-dim", "10", "--width", "256", "--likelihood", "bernoulli")
BETAS = (1, 2, 4, 8)
WEIGHTS = (1, 3, 7)
_BINS = 20  # of a dimension, from its smallest value to its largest (Locatello et al. 2019)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family.disentanglement")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--betas", nargs="+", type=float, default=BETAS)
    parser.add_argument("--weights", nargs="+", type=float, default=WEIGHTS)
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--width 64'")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    heading(f"shapes, {given.epochs} epochs", ("options", "seed", "reconstruction", "KL", *FACTORS, "MIG"))
    with runs.folder(given.keep) as folder:
        plain = [_mean(folder, ("--beta", f"{beta:g}"), given) for beta in given.betas]
        weighed = [_mean(folder, ("--tc-weight", f"{weight:g}"), given) for weight in given.weights]
    return int(not better(plain, weighed, given.weights))


def _mean(folder: Path, options: tuple[str, ...], given: argparse.Namespace) -> tuple[float, float]:
    """The reconstruction error and the MIG of these options, as means over seeds."""
    found = [measured(folder, options, seed, given) for seed in given.seeds]
    return float(np.mean([error for error, _ in found])), float(np.mean([mig for _, mig in found]))


def measured(
    folder: Path, options: tuple[str, ...], seed: int, given: argparse.Namespace
) -> tuple[float, float]:
    """The reconstruction error in nats per image and the MIG of one training, made if it is not there."""
    words = [*options, *NETWORK, "--dataset", "shapes", "--epochs", str(given.epochs)]
    words += ["--seed", str(seed), *given.train.split()]
    name = "-".join((*options, str(given.epochs), str(seed))).replace("--", "")
    run = Run.open(runs.train(folder / name, "vae", *words))
    figures = run.metrics()
    _, model = run.load()
    factors = every_combination()
    gaps = information_gaps(encode_all(model.eval(), drawn(factors)), factors)
    row(
        " ".join(options),
        str(seed),
        f"{figures['reconstruction']:.2f}",
        f"{figures['kl']:.2f}",
        *(f"{gap:.3f}" for gap in gaps),
        f"{gaps.mean():.3f}",
    )
    return figures["reconstruction"], float(gaps.mean())


def information_gaps(codes: NDArray[np.float32], factors: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much more the best dimension tells of each factor than the second best, `(factors,)` in [0, 1].

    Their mean is the mutual information gap of Chen et al., 'Isolating Sources of Disentanglement in VAEs',
    section 4, https://arxiv.org/abs/1802.04942: (I(z_a; v) - I(z_b; v)) / H(v), with the two dimensions a and
    b that tell the most of the factor v. Dimensions are counted in bins of equal width, as by Locatello et
    al., 'Challenging Common Assumptions', https://arxiv.org/abs/1811.12359.

    Args:
        codes: `(n, d)`, of images of every combination of the factors' values, d at least 2.
        factors: their values, `(n, factors)`.
    """
    binned = [_binned(column) for column in codes.T]
    gaps = []
    for values in factors.T:
        told = sorted(_information(column, values) for column in binned)
        gaps.append((told[-1] - told[-2]) / _entropy(np.bincount(values)))
    return np.array(gaps)


def _binned(column: NDArray[np.float32]) -> NDArray[np.int64]:
    edges = np.linspace(column.min(), column.max(), _BINS + 1)[1:-1]
    return np.digitize(column, edges).astype(np.int64)


def _information(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The mutual information of two discrete variables, in nats."""
    both = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(both, (one, other), 1)
    return _entropy(both.sum(0)) + _entropy(both.sum(1)) - _entropy(both.ravel())


def _entropy(counts: NDArray[np.int64] | NDArray[np.float64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def better(
    plain: list[tuple[float, float]],
    weighed: list[tuple[float, float]],
    weights: tuple[float, ...] | list[float],
) -> bool:
    """Whether each weight has a higher MIG than a beta-VAE of equal reconstruction; says so of each."""
    errors, gaps = zip(*sorted(plain), strict=True)
    compared = []
    print()
    for weight, (error, gap) in zip(weights, weighed, strict=True):
        if not errors[0] <= error <= errors[-1]:
            print(
                f"--tc-weight {weight:g}: no beta-VAE reconstructs as well, or as poorly ({error:.2f} nats)"
            )
            continue
        equal = float(np.interp(error, errors, gaps))
        compared.append(gap > equal)
        print(f"--tc-weight {weight:g}: MIG {gap:.3f}, a beta-VAE at {error:.2f} nats {equal:.3f}", end="")
        print("" if gap > equal else " (NOT better)")
    return bool(compared) and all(compared)


if __name__ == "__main__":
    raise SystemExit(main())
