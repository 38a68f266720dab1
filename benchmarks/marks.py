"""Do the marks of decoded pictures agree with a classifier? For the ready-made models of digits and letters.

    DIABOLO_DATA=folder python -m benchmarks.marks                  three minutes on one core
    ... --models mnist-vae mnist-vae-2d                             only these

A classifier is trained on each data set, apart from the autoencoders. 400 straight paths of 12 steps lead
from stored codes of one class to those of another. A step has low confidence if the classifier is less sure
of its picture than of 95 % of the decoded test codes. Four rules rank the steps:

    codes      the distance from the fifth nearest training code
    pictures   the distance from the nearest decoded training code
    both       the smaller of the two ranks, which is the rule of the figure `holes`
    marks      the rule of the mark: runtime/latent/plausibility.py

AUROC is the probability that a step of low confidence ranks above one that has not; 0.5 is chance. The last
columns are of marks that one decoded test code in twenty has, too: the share of the steps that are marked,
and the share of steps of low confidence among those with and without a mark. It fails unless, for every
model, marks has the highest AUROC and its marks have low confidence more often than other steps.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._shared.classifier import Classifier
from diabolo.runtime import Autoencoder
from diabolo.runtime.latent.knn import distances
from diabolo.runtime.latent.plausibility import Plausibility
from diabolo.train.datasets import LoadRequest, load

MODELS = {
    "mnist": (
        "mnist-autoencoder-2d",
        "mnist-vae-2d",
        "mnist-autoencoder",
        "mnist-conv",
        "mnist-denoising",
        "mnist-sparse",
        "mnist-vae",
    ),
    "notmnist": ("notmnist-vae-2d", "notmnist-autoencoder"),
}
EPOCHS = {"mnist": 3, "notmnist": 6}
RULES = ("codes", "pictures", "both", "marks")
LEVEL = 0.95  # the share of the decoded test codes without a mark
KNOWN = 2500  # decoded training codes, at most

_Array = NDArray[np.float32]
_Scores = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well one rule agrees with the classifier.

    Attributes:
        auroc: the probability that a step of low confidence ranks above another one.
        marked: the share of the steps that have a mark.
        low: the share of steps of low confidence among them; NaN if there are none.
        low_unmarked: the same among the others.
    """

    auroc: float
    marked: float
    low: float
    low_unmarked: float


def agreements(model: Autoencoder, judge: Classifier, paths: int = 400) -> dict[str, Agreement]:
    """The agreement of each rule, by its name."""
    assert model.codes is not None
    latents = steps_of(model, paths)
    tested, pictures = model.codes.latents, model.decode(latents)
    decoded = model.decode(tested)
    low = judge.confidence(pictures) < np.quantile(judge.confidence(decoded), 1 - LEVEL)
    found, usual = scores(model, latents, pictures), scores(model, tested, decoded)
    return {rule: _agreement(found[rule], usual[rule], low) for rule in RULES}


def steps_of(model: Autoencoder, paths: int, steps: int = 12) -> _Array:
    """Latents on straight paths between stored codes of different classes, float32 `(n, *latent_shape)`."""
    assert model.codes is not None
    assert model.codes.labels is not None
    codes, labels = model.codes.latents, model.codes.labels
    starts, ends = np.random.default_rng(0).integers(0, len(codes), (2, paths))
    differ = labels[starts] != labels[ends]
    shares = np.linspace(0, 1, steps, dtype=np.float32).reshape(1, -1, *[1] * (codes.ndim - 1))
    a, b = codes[starts[differ]][:, None], codes[ends[differ]][:, None]
    latents: _Array = ((1 - shares) * a + shares * b).reshape(-1, *codes.shape[1:])
    return latents


def scores(model: Autoencoder, latents: _Array, pictures: _Array) -> _Scores:
    """What each rule ranks by, `(n,)` each; 'codes' and 'pictures' as ranks among the test codes."""
    assert model.codes is not None
    assert model.density is not None
    plausibility = Plausibility.of(model)
    assert plausibility is not None
    training = (model.bundle.arrays("codes") or {})["training"].astype(np.float32)[:KNOWN]
    known = model.decode(training).reshape(len(training), -1)

    def from_known(images: _Array) -> NDArray[np.float64]:
        return distances(images.reshape(len(images), -1), known)

    codes = _rank(model.density.distance(latents), model.density.distance(model.codes.latents))
    near = _rank(from_known(pictures), from_known(model.decode(model.codes.latents)))
    return {
        "codes": codes,
        "pictures": near,
        "both": np.minimum(codes, near),
        "marks": plausibility.rank(pictures),
    }


def _rank(values: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.searchsorted(np.sort(among), values) / len(among)


def _agreement(score: NDArray[np.float64], usual: NDArray[np.float64], low: NDArray[np.bool_]) -> Agreement:
    marked = score > np.quantile(usual, LEVEL)
    return Agreement(
        auroc=auroc(score, low),
        marked=float(marked.mean()),
        low=float(low[marked].mean()) if marked.any() else float("nan"),
        low_unmarked=float(low[~marked].mean()),
    )


def auroc(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The area under the ROC curve; of equal scores, half count as ordered."""
    _, index, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[index]
    count = int(positive.sum())
    wins = ranks[positive].sum() - count * (count + 1) / 2
    return float(wins / (count * (len(score) - count)))


def main(words: list[str] | None = None) -> int:
    every = [name for names in MODELS.values() for name in names]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marks")
    parser.add_argument("--models", nargs="+", choices=every, default=every)
    chosen = parser.parse_args(words).models
    heads = ("model", *RULES, "both: marked", "low", "else", "marks: marked", "low", "else")
    print(f"| {' | '.join(heads)} |")
    print("|---" * len(heads) + "|")
    agreed = True
    for dataset, names in MODELS.items():
        if not (mine := [name for name in names if name in chosen]):
            continue
        data = load(dataset, LoadRequest())
        judge = Classifier(data.train, len(data.classes), epochs=EPOCHS[dataset])
        for name in mine:
            found = agreements(Autoencoder.load(name, device="cpu"), judge)
            print(_row(name, found), flush=True)
            best, rule = max(found.values(), key=lambda one: one.auroc), found["marks"]
            agreed &= best is rule and rule.low > rule.low_unmarked
        print(f"\nthe classifier of {dataset}: {judge.accuracy(data.test):.1%} of the test images\n")
    print(f"the rule of the mark {'agrees best' if agreed else 'does NOT agree best'} with the classifier")
    return int(not agreed)


def _row(name: str, found: dict[str, Agreement]) -> str:
    cells = [f"{found[rule].auroc:.2f}" for rule in RULES]
    for rule in ("both", "marks"):
        one = found[rule]
        cells += [f"{share:.0%}" for share in (one.marked, one.low, one.low_unmarked)]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    raise SystemExit(main())
