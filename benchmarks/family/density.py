"""Is a mixture of gaussians a better density of a regularised autoencoder's codes than a single one?

    DIABOLO_DATA=folder python -m benchmarks.family.density         five minutes on two cores
    ... --seeds 0 --epochs 2                                        only this seed, fewer epochs
    ... --train='--latent-dim 16'                                   where pixels do not tell what is a hole
    ... --keep DIR                                                  keep the runs, use those that are there

One regularised autoencoder per seed is trained on MNIST. To its training codes a single gaussian and a
mixture are fitted, and 10,000 latents of each are decoded. They are judged by a classifier that was trained
apart, on the digits themselves: how sure it is of its answer on average, which it is of real digits; and by
the share of holes. As a yardstick, the same of the decoded codes of test images. It fails unless, with every
seed, the mixture's images are recognised more surely, and it has fewer holes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks._shared import runs
from benchmarks._shared.tables import heading, row
from diabolo.runtime.latent import Distribution, Fitted
from diabolo.runtime.latent.holes import measure_holes
from diabolo.train import Run
from diabolo.train.datasets import ImageData, LoadRequest, Split, load
from diabolo.train.evaluation.evaluate import encode_all
from diabolo.train.model import Model
from diabolo.train.variants.regularised import fit_mixture

NETWORK = ("--latent-dim", "2", "--width", "256", "--depth", "3")
SAMPLES = 10_000
_BATCH = 500
_ROUNDS = 3  # epochs of the classifier


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family.density")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--components", type=int, default=10)
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--width 64'")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    data = load(given.dataset, LoadRequest())
    judge = classifier(data.train)
    print(f"\nthe classifier is right for {right(judge, data.test):.2%} of the test images")
    heading(f"{given.dataset}, {given.epochs} epochs", ("density", "seed", "confidence", "holes"))
    with runs.folder(given.keep) as folder:
        found = [compared(folder, seed, data, judge, given) for seed in given.seeds]
    print(f"\nmore confidence and fewer holes with a mixture: {sum(found)} of {len(found)} seeds")
    return int(not all(found))


def compared(folder: Path, seed: int, data: ImageData, judge: nn.Module, given: argparse.Namespace) -> bool:
    """Whether the mixture is better than the single gaussian by both figures, which are printed."""
    words = [*NETWORK, "--dataset", given.dataset, "--epochs", str(given.epochs), "--seed", str(seed)]
    name = f"{Path(given.dataset).name}-{given.epochs}-{seed}"
    _, model = Run.open(runs.train(folder / name, "regularised", *words, *given.train.split())).load()
    model.eval()
    learned, tested = encode_all(model, data.train.images), encode_all(model, data.test.images)
    mixture = fit_mixture(learned, given.components)
    assert mixture is not None
    densities: dict[str, Distribution] = {"one gaussian": Fitted.to(learned), "mixture": mixture}
    found: dict[str, tuple[float, float | None]] = {}
    for told, density in densities.items():
        images = decoded(model, density.sample(SAMPLES, np.random.default_rng(seed)))
        sure = confidence(judge, images)
        share = measure_holes(lambda some: decoded(model, some), learned, tested, distribution=density).share
        found[told] = sure, share
        row(told, str(seed), f"{sure:.4f}", "not to be told" if share is None else f"{share:.1%}")
    row("codes of test images", str(seed), f"{confidence(judge, decoded(model, tested)):.4f}", "")
    return better(found["mixture"], found["one gaussian"])


def better(mixture: tuple[float, float | None], one: tuple[float, float | None]) -> bool:
    """Whether the confidence is higher and the holes are fewer; not if the holes are not to be told."""
    if mixture[1] is None or one[1] is None:
        return False
    return mixture[0] > one[0] and mixture[1] < one[1]


@torch.inference_mode()
def decoded(model: Model, latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """The images of latents, float32 `(n, channels, height, width)`."""
    parts = (latents[start : start + _BATCH] for start in range(0, len(latents), _BATCH))
    return np.concatenate([model.decode(torch.from_numpy(part)).float().numpy() for part in parts])


class Classifier(nn.Module):
    """Two convolutions and two layers, for grey images of any size: logits of the classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(7), nn.Flatten()),
            *(nn.Linear(32 * 49, 128), nn.ReLU(), nn.Linear(128, classes)),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Images `(batch, channels, height, width)` to logits `(batch, classes)`."""
        logits: Tensor = self.layers(image)
        return logits


def classifier(split: Split) -> nn.Module:
    """A classifier of these images, trained with seed 0."""
    assert split.labels is not None
    torch.manual_seed(0)
    model = Classifier(split.images.shape[1], int(split.labels.max()) + 1)
    rounds = _ROUNDS * -(-len(split) // 128)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=rounds)
    rng = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        order = rng.permutation(len(split))
        for start in range(0, len(order), 128):
            chosen = np.sort(order[start : start + 128])
            images = torch.from_numpy(split.images[chosen].astype(np.float32) / np.float32(255))
            loss = functional.cross_entropy(model(images), torch.from_numpy(split.labels[chosen]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return model.eval()


def confidence(judge: nn.Module, images: NDArray[np.float32]) -> float:
    """The mean probability of the class that the classifier holds for the likeliest."""
    return float(np.concatenate([part.max(1) for part in _chances(judge, images)]).mean())


def right(judge: nn.Module, split: Split) -> float:
    """The share of images whose class it names."""
    assert split.labels is not None
    images = split.images[:].astype(np.float32) / np.float32(255)
    named = np.concatenate([part.argmax(1) for part in _chances(judge, images)])
    return float((named == split.labels).mean())


@torch.inference_mode()
def _chances(judge: nn.Module, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    parts = (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))
    return [judge(torch.from_numpy(part)).softmax(1).numpy() for part in parts]


if __name__ == "__main__":
    raise SystemExit(main())
