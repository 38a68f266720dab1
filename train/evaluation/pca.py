"""Principal component analysis of images, to compare a model with: the best linear code of a given size.

By subspace iteration with a random start (Halko, Martinsson and Tropp, 'Finding structure with randomness',
https://arxiv.org/abs/0909.4061, algorithm 4.4), which reads the images batch by batch and never forms the
covariance matrix of large images.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.train.datasets import Images, rows_of, spread

__all__ = ["PCA", "fit_pca"]

_MOST_VALUES = 2**26  # of all images together, so that a fit takes seconds; of a larger set a part
_BATCH_VALUES = 2**23  # as float32
_EXACT = 1024  # values of an image, at most, for which the covariance matrix is formed
_OVERSAMPLING = 16  # directions more than wanted, so that those converge sooner
_ITERATIONS = 6


@dataclass(frozen=True)
class PCA:
    """The mean image and the principal components.

    Attributes:
        mean: `(values,)`, in [0, 1].
        components: `(values, components)`, orthonormal columns.
    """

    mean: Tensor
    components: Tensor

    def reconstruct(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """The projections of images `(batch, channels, height, width)` onto mean plus components."""
        centred = torch.from_numpy(images.reshape(len(images), -1)) - self.mean
        out = self.mean + (centred @ self.components) @ self.components.T
        return out.numpy().reshape(images.shape)


def fit_pca(images: Images, components: int) -> PCA:
    """Fit PCA to images.

    Args:
        images: uint8 `(n, channels, height, width)`; of more than 2^26 values, evenly spread ones are used.
        components: wanted; there are fewer if the images have fewer values, or there are not more images.
    """
    values = prod(images.shape[1:])
    some = rows_of(images, spread(len(images), max(1, _MOST_VALUES // values)))
    mean = sum((batch.sum(0, dtype=torch.float64) for batch in _batches(some)), torch.zeros(values))
    mean = (mean / len(some)).float()
    components = max(0, min(components, len(some) - 1, values))
    start = _start(values, min(values, len(some), components + _OVERSAMPLING))
    for _ in range(0 if values <= _EXACT else _ITERATIONS):
        start = _orthonormal(_times_covariance(some, mean, start))
    # the principal components within the subspace (Rayleigh-Ritz); eigenvalues ascend
    _, vectors = torch.linalg.eigh(start.T @ _times_covariance(some, mean, start))
    return PCA(mean, start @ vectors[:, vectors.shape[1] - components :])


def _start(values: int, directions: int) -> Tensor:
    if values <= _EXACT:
        return torch.eye(values)
    random = torch.randn(values, directions, generator=torch.Generator().manual_seed(0))
    return _orthonormal(random)


def _orthonormal(directions: Tensor) -> Tensor:
    basis: Tensor = torch.linalg.qr(directions).Q
    return basis


def _times_covariance(images: Images, mean: Tensor, directions: Tensor) -> Tensor:
    """The covariance matrix, up to a factor, times some directions `(values, directions)`."""
    product = torch.zeros_like(directions)
    for batch in _batches(images):
        centred = batch - mean
        product += centred.T @ (centred @ directions)
    return product


def _batches(images: Images) -> Iterator[Tensor]:
    """Batches of flat images `(batch, values)` in [0, 1]."""
    size = max(1, _BATCH_VALUES // prod(images.shape[1:]))
    for start in range(0, len(images), size):
        batch = images[start : start + size]
        yield torch.from_numpy(batch.reshape(len(batch), -1)).float().div_(255)
