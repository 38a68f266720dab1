"""The figures of a trained model on the test split."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.runtime import metrics
from diabolo.runtime.noise import add_noise
from diabolo.train.datasets import Images, Split
from diabolo.train.model import Model
from diabolo.train.variants import VariantBase

__all__ = ["encode_all", "evaluate"]

_BATCH = 512  # images, at most
_BATCH_BYTES = 2**26  # of a batch as float32: large images must not fill the memory
_NOISE_SEED = 20081  # fixed: every model is tested on the same noise


def batches(images: Images) -> Iterator[NDArray[np.float32]]:
    """The images in order, as float32 in [0, 1]."""
    size = max(1, min(_BATCH, _BATCH_BYTES // (4 * math.prod(images.shape[1:]))))
    for start in range(0, len(images), size):
        yield images[start : start + size].astype(np.float32) / np.float32(255)


@torch.inference_mode()
def encode_all(model: Model, images: Images) -> NDArray[np.float32]:
    """Latents float32 `(n, latent_dim)` of uint8 images `(n, channels, height, width)`."""
    device = model.offset.device
    codes = [
        model.encode(torch.from_numpy(b).to(device)).latent.float().cpu().numpy() for b in batches(images)
    ]
    return np.concatenate(codes)


@torch.inference_mode()
def evaluate(variant: VariantBase, model: Model, test: Split) -> dict[str, Any]:
    """Figures over all images of `test`, weighted by image.

    Returns:
        `mse` and `psnr` (dB, the mean over images) of clean images' reconstructions; for a variant
        with noise also `noisy_psnr` and `denoised_psnr` on a fixed noise, and `denoised_mse`; and the
        terms of the variant's own loss.
    """
    model.eval()
    device = model.offset.device
    rng = np.random.default_rng(_NOISE_SEED)
    generator = torch.Generator(device).manual_seed(_NOISE_SEED)
    sums: dict[str, float] = {}
    pool: Tensor | None = None

    def add(name: str, value: float) -> None:
        sums[name] = sums.get(name, 0.0) + value

    def rebuild(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        out: NDArray[np.float32] = model(torch.from_numpy(batch).to(device)).float().cpu().numpy()
        return out

    for batch in batches(test.images):
        error = metrics.mse(batch, rebuild(batch))
        add("mse", float(error.sum()))
        add("psnr", float(metrics.psnr_of_mse(error).sum()))
        if variant.noise is not None:
            noisy = add_noise(batch, variant.noise, rng)
            error = metrics.mse(batch, rebuild(noisy))
            add("noisy_psnr", float(metrics.psnr(batch, noisy).sum()))
            add("denoised_psnr", float(metrics.psnr_of_mse(error).sum()))
            add("denoised_mse", float(error.sum()))
        loss = variant.loss(model, torch.from_numpy(batch).to(device), generator)
        for name, value in (loss.terms | {"loss": loss.objective}).items():
            add(name, _scalar(value) * len(batch))
        if loss.pool is not None:
            share = loss.pool * (len(batch) / len(test))
            pool = share if pool is None else pool + share
    figures = {name: value / len(test) for name, value in sums.items()}
    if pool is not None:
        figures = variant.pooled(figures, pool)
    return figures | {"images": len(test)}


def _scalar(value: Tensor) -> float:
    return float(value.detach())
