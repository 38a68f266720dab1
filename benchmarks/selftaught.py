"""Self-taught learning: are codes learned on some digits good for telling others apart?

    DIABOLO_DATA=folder python -m benchmarks.selftaught RUN

RUN was trained on the digits 5 to 9. The digits 0 to 4 of the training images are encoded and halved; a
softmax regression is fitted to one half and tested on the other. The exercise is UFLDL's,
http://ufldl.stanford.edu/tutorial/selftaughtlearning/SelfTaughtLearning/, which reaches 98.3 % with 200
sparse units and 96 % with the pixels. The regression's weight decay is chosen on a fifth of the half that it
is fitted to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from diabolo.train import Run
from diabolo.train.datasets import LoadRequest, load
from diabolo.train.evaluation.evaluate import encode_all

OTHERS = ("0", "1", "2", "3", "4")
DECAYS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
ROUNDS = 400  # of L-BFGS, at most


def measure(path: Path) -> dict[str, float]:
    """Percent of the tested half told right: from the run's codes, and from the pixels."""
    run = Run.open(path)
    _, model = run.load()
    data = load(run.config.dataset, LoadRequest(classes=OTHERS)).train
    assert data.labels is not None
    order = np.random.default_rng(0).permutation(len(data))
    labels = torch.from_numpy(data.labels[order])
    codes = encode_all(model, data.images)[order]
    pixels = data.images[:].reshape(len(data), -1)[order].astype(np.float32) / np.float32(255)
    return {"codes_percent": accuracy(codes, labels), "pixels_percent": accuracy(pixels, labels)}


def accuracy(inputs: NDArray[np.float32], labels: Tensor) -> float:
    """Percent of the second half told right after a fit to the first."""
    x, half = standardised(torch.from_numpy(inputs)), len(labels) // 2
    cut = half * 4 // 5
    scores = {
        decay: right(softmax_regression(x[:cut], labels[:cut], decay), x[cut:half], labels[cut:half])
        for decay in DECAYS
    }
    best = max(scores, key=lambda decay: scores[decay])
    return right(softmax_regression(x[:half], labels[:half], best), x[half:], labels[half:])


def standardised(x: Tensor) -> Tensor:
    """Each input in units of its deviation, with a one behind for the bias; no label is used."""
    x = (x - x.mean(0)) / x.std(0).clamp_min(1e-3)
    return torch.cat([x, torch.ones(len(x), 1)], 1)


def softmax_regression(x: Tensor, labels: Tensor, decay: float) -> Tensor:
    """Weights `(inputs, classes)` that minimise the mean cross-entropy plus decay / 2 |weights|^2."""
    weights = torch.zeros(x.shape[1], int(labels.max()) + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(x @ weights, labels) + 0.5 * decay * weights[:-1].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weights.detach()


def right(weights: Tensor, x: Tensor, labels: Tensor) -> float:
    return 100 * float(((x @ weights).argmax(1) == labels).double().mean())


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1])).items():
        print(f"{name} {value:.2f}")
