"""The sparse autoencoder: many units, of which each image wakes only a few.

A. Ng, 'Sparse autoencoder' (CS294A lecture notes), https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf:
J_sparse = J + beta sum_j KL(rho || rho_hat_j).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diabolo.train.losses import bernoulli_kl, half_squared_error
from diabolo.train.model import Head, Model, SigmoidHead
from diabolo.train.variants._base import Loss, VariantBase, check_range, option

__all__ = ["Options", "Variant"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The two numbers that decide how sparse the code is."""

    sparsity: float = option(0.1, "rho, the mean activity each unit is drawn to, between 0 and 1")
    sparsity_weight: float = option(3.0, "beta, the weight of the sparsity term")

    def __post_init__(self) -> None:
        check_range("sparsity", self.sparsity, 0, 1)
        check_range("sparsity weight", self.sparsity_weight, 0, 1e6)


class Variant(VariantBase):
    """Half the squared error per image, plus beta times the units' KL from rho; sigmoid units."""

    summary = "sigmoid units, each drawn to be active a share rho of the time"
    default_latent_dim = 196

    def __init__(self, options: Options) -> None:
        self.options = options

    def head(self) -> Head:
        """Sigmoid units."""
        return SigmoidHead()

    def loss(self, model: Model, image: Tensor, generator: torch.Generator) -> Loss:
        """J_sparse of the batch; rho_hat_j is unit j's mean over the batch."""
        latent = model.encode(image).latent
        error = half_squared_error(image, model.decode(latent))
        activity = latent.float().mean(0)
        divergence = bernoulli_kl(self.options.sparsity, activity)
        terms = {
            "error": error.detach(),
            "sparsity_kl": divergence.detach(),
            "activity": activity.mean().detach(),
        }
        return Loss(error + self.options.sparsity_weight * divergence, terms, activity.detach())

    def pooled(self, figures: dict[str, float], pool: Tensor) -> dict[str, float]:
        """The divergence of the whole set's mean activity: a mean of batches' KL would be too large."""
        divergence = float(bernoulli_kl(self.options.sparsity, pool))
        loss = figures["error"] + self.options.sparsity_weight * divergence
        return figures | {"sparsity_kl": divergence, "loss": loss}
