"""A small convolutional classifier, trained apart from every autoencoder: it judges their pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from diabolo.train.datasets import Split

__all__ = ["Classifier"]

_BATCH = 128
_RATE = 2e-3  # the highest learning rate
_SMOOTHING = 0.05  # of the labels: without it, a classifier is certain of nearly everything


class Classifier:
    """Two convolutions and two linear layers, fitted to one split with Adam and a one-cycle schedule.

    Args:
        split: labelled images.
        classes: how many classes there are.
        epochs: times that each image is seen.
        seed: of the weights and of the order of the images.
    """

    def __init__(self, split: Split, classes: int, *, epochs: int, seed: int = 0) -> None:
        assert split.labels is not None
        torch.manual_seed(seed)
        channels, height, width = split.images.shape[1:]
        self._net = nn.Sequential(
            nn.Conv2d(channels, 16, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(32 * -(-height // 4) * -(-width // 4), 128),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(128, classes),
        )
        self._fit(split, epochs, np.random.default_rng(seed))

    def _fit(self, split: Split, epochs: int, rng: np.random.Generator) -> None:
        assert split.labels is not None
        steps = epochs * -(-len(split) // _BATCH)
        optimizer = torch.optim.Adam(self._net.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
        for _ in range(epochs):
            order = rng.permutation(len(split))
            for start in range(0, len(order), _BATCH):
                rows = np.sort(order[start : start + _BATCH])
                images = torch.from_numpy(split.images[rows].astype(np.float32) / np.float32(255))
                labels = torch.from_numpy(split.labels[rows].astype(np.int64))
                loss = functional.cross_entropy(self._net(images), labels, label_smoothing=_SMOOTHING)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        self._net.eval()

    @torch.inference_mode()
    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Each class's probability, `(n, classes)`, for images `(n, channels, height, width)` in [0, 1]."""
        pieces = [self._net(torch.from_numpy(piece)).softmax(1) for piece in _pieces(images)]
        return np.asarray(torch.cat(pieces).numpy(), np.float32)

    def confidence(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of the most probable class, `(n,)` in [0, 1]."""
        return self.probabilities(images).max(1)

    def accuracy(self, split: Split) -> float:
        """The share of a split's images that are classified correctly."""
        images = split.images[:].astype(np.float32) / np.float32(255)
        return float((self.probabilities(images).argmax(1) == split.labels).mean())


def _pieces(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [images[start : start + 1000] for start in range(0, len(images), 1000)]
