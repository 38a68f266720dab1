"""The posterior of a picture, for the page: what a VAE's encoder gives it, and its KL divergence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest

__all__ = ["REPARAMETRISATION", "has_posterior", "kl_by_dimension", "posterior", "usual_kl"]

# how training draws a latent: a quote, since the app also runs without torch; a test compares it
REPARAMETRISATION = {
    "where": "train/variants/vae.py",
    "code": "normal = step.normal(len(mean), samples, *mean.shape[1:])\n"
    "latent = mean[:, None] + (0.5 * log_variance).exp()[:, None] * normal",
}


def has_posterior(m: Manifest) -> bool:
    """Whether a model's encoder gives a picture a gaussian, and not only a code."""
    return m.log_variance and m.any_size is None


def posterior(
    model: Autoencoder, seen: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """The code of an image, and the standard deviations of its posterior; None if it has none to show.

    Args:
        model: encodes.
        seen: float32 `(1, channels, height, width)` in [0, 1].

    Returns:
        Both float32 `(1, *latent_shape)`.
    """
    if not has_posterior(model.manifest):
        return model.encode(seen), None
    mean, std = model.posterior(seen)
    return mean, std if np.isfinite(std).all() and (std > 0).all() else None


def kl_by_dimension(mean: NDArray[np.float32], std: NDArray[np.float32]) -> NDArray[np.float32]:
    """KL(N(mean, std^2) || N(0, 1)) of each dimension in nats, shaped as the mean.

    Kingma and Welling, 'Auto-Encoding Variational Bayes', appendix B, https://arxiv.org/abs/1312.6114.
    """
    mean, std = mean.astype(np.float64), std.astype(np.float64)
    found: NDArray[np.float32] = (0.5 * (mean**2 + std**2 - 1) - np.log(std)).astype(np.float32)
    return found


def usual_kl(m: Manifest) -> list[float] | None:
    """The KL divergence of each dimension, in nats, as a mean over the test images; None if not known."""
    found: Any = m.metrics.get("kl_by_dimension")
    fits = isinstance(found, list) and len(found) == m.latent_mean.size
    return [float(value) for value in found] if fits else None
