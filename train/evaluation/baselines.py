"""What a model's error is compared with: the mean image, and PCA of the same latent size.

Both are fitted to the images that the model learned from, and measured on the test images. PCA is the best
that a linear autoencoder can do (Baldi and Hornik, https://doi.org/10.1016/0893-6080(89)90014-2).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import torch

from diabolo.runtime.bundle.quality import explained_variance
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.train.batches.held_out import learned_and_held
from diabolo.train.datasets import ImageData, Images, rows_of, spread
from diabolo.train.evaluation.evaluate import add_test_noise, numbered_batches, numbered_pairs, reconstruct
from diabolo.train.evaluation.pca import PCA, fit_pca
from diabolo.train.model import Model
from diabolo.train.variants import VariantBase

__all__ = ["baselines"]

_MOST_COMPONENTS = 512  # with more, PCA takes too long
_TRAINING_IMAGES = 1000  # for the error on training images


@torch.inference_mode()
def baselines(
    variant: VariantBase, model: Model, data: ImageData, figures: dict[str, Any], seed: int
) -> dict[str, Any]:
    """Measure the mean image and PCA, and the share of the variance that the model explains.

    Args:
        variant: has the noise, if it removes noise.
        model: in eval mode.
        data: the dataset that it was trained on.
        figures: of the model on the test split, from `evaluate`.
        seed: of the run.

    Returns:
        `mean_mse`, the MSE of the mean image; `pca_mse`, that of PCA with `pca_components`, as many as the
        latent has values or the images allow; they are left out above 512. `explained_variance`, which is
        1 - mse / mean_mse, and `training_explained_variance`, the same on at most 1,000 of the training
        images. `reconstruction_variance`, the variance of their reconstructions over images, as a share of
        their own, and `reconstruction_contrast`, the standard deviation over the pixels of the mean
        reconstruction. For a variant with noise, also `denoised_explained_variance` and `pca_denoised_mse`,
        where PCA gets the same noisy images.
    """
    learned, _ = learned_and_held(data, seed)
    size = prod(model.latent_shape)
    wanted = min(size, len(learned) - 1, prod(data.image_shape))
    pca = fit_pca(learned, wanted if wanted <= _MOST_COMPONENTS else 0)
    mean = PCA(pca.mean, pca.components[:, :0])
    found = {"mean_mse": _mse_of_pca(mean, data.test.images)}
    if components := pca.components.shape[1]:
        found["pca_mse"] = _mse_of_pca(pca, data.test.images)
        found["pca_components"] = components
    if components and variant.noise is not None:
        found["pca_denoised_mse"] = _mse_of_pca(pca, data.test.images, variant.noise)
    explained = {
        "explained_variance": explained_variance(figures["mse"], found["mean_mse"]),
        **_in_training(model, mean, learned),
    }
    if variant.noise is not None:
        denoised = explained_variance(figures["denoised_mse"], found["mean_mse"])
        explained["denoised_explained_variance"] = denoised
    return found | {name: share for name, share in explained.items() if share is not None}


def _mse_of_pca(pca: PCA, images: Images, noise: NoiseSpec | None = None) -> float:
    total = 0.0
    for number, batch, noisy in numbered_pairs(images):
        given = batch
        if noise is not None:
            given = add_test_noise(batch, noise, number) if noisy is None else noisy
        total += float(metrics.mse(batch, pca.reconstruct(given)).sum())
    return total / len(images)


def _in_training(model: Model, mean: PCA, images: Images) -> dict[str, float | None]:
    """The explained variance of training images, and how much their reconstructions differ."""
    some = rows_of(images, spread(len(images), _TRAINING_IMAGES))
    error = 0.0
    sums, squares = np.zeros(images.shape[1:]), np.zeros(images.shape[1:])
    for _, batch in numbered_batches(some):
        out = reconstruct(model, batch)
        error += float(metrics.mse(batch, out).sum())
        sums += out.sum(0, dtype=np.float64)
        squares += np.square(out, dtype=np.float64).sum(0)
    centre, own = sums / len(some), _mse_of_pca(mean, some)
    variance = float((squares / len(some) - np.square(centre)).mean())
    return {
        "training_explained_variance": explained_variance(error / len(some), own),
        "reconstruction_variance": max(0.0, variance) / own if own > 0 else None,
        "reconstruction_contrast": float(centre.std()),
    }
