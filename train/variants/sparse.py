"""The sparse autoencoder: many units, of which only a few are active for any image.

A. Ng, 'Sparse autoencoder' (CS294A lecture notes), https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf:
J_sparse = J + beta sum_j KL(rho || rho_hat_j).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diabolo.train.losses import bernoulli_kl, half_squared_error
from diabolo.train.model import Head, Model, SigmoidHead
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]

_WINDOW = 128  # images; of batches that have as many, the mean rho_hat is that of the batch
_NEWEST = 0.5  # the share of the newest batch in a running mean; with less it lags, and units oscillate


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """How sparse the latent is."""

    sparsity: float = setting(
        0.1, "rho, the target for each unit's mean activity, between 0 and 1", above=0, below=1
    )
    sparsity_weight: float = setting(
        3.0,
        "beta, the weight of the sparsity term; 0 gives a plain autoencoder with sigmoid units",
        low=0,
        high=10**6,
    )


class Variant(VariantBase):
    """Half the squared error per image plus beta times the KL divergence from rho; the units are sigmoids."""

    summary = "sigmoid units, with a penalty that keeps their mean activity near a small rho"
    default_latent_dim = 196
    smallest_batch = 128  # the mean over fewer is noisy, and a running mean lags, so that units oscillate
    tradeoff = "Sparse units reconstruct less precisely than free ones: compare with --sparsity-weight 0."

    def __init__(self, options: Options) -> None:
        self.options = options
        self.constrained = options.sparsity_weight > 0

    def head(self) -> Head:
        """Sigmoid units, in [0, 1]."""
        return SigmoidHead()

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """J_sparse of a batch `(batch, channels, height, width)` in [0, 1].

        rho_hat_j is the mean of unit j over images. If the batch has fewer than 128 images, it is a running
        mean over some batches, since the mean of a small one is noisy; its gradient is that of the batch.
        """
        latent = model.encode(image).latent
        error = half_squared_error(image, model.decode(latent))
        units = latent.flatten(1)  # each value of a grid counts as a unit
        activity = step.mean(units)
        divergence = bernoulli_kl(
            self.options.sparsity, _running(activity, self.options.sparsity, len(image), step)
        )
        terms = {
            "error": error.detach(),
            "sparsity_kl": divergence.detach(),
            "activity": latent.detach().float().mean(),
        }
        pools = {"activity": units.detach().float().mean(0)}
        return Loss(error + self.options.sparsity_weight * divergence, terms, pools)

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """The KL divergence of the whole set's mean activity, and each unit's distance from rho.

        A mean over few images is far from rho by chance, which would outweigh the error when the best weights
        are chosen. So the loss counts fewer than 128 images as 128 whose others are active as rho says.
        """
        activity, rho = pools["activity"], self.options.sparsity
        share = min(1.0, figures["images"] / _WINDOW)
        expected = bernoulli_kl(rho, rho + share * (activity - rho))
        gaps = (activity - rho).abs()
        return figures | {
            "sparsity_kl": float(bernoulli_kl(rho, activity)),
            "loss": figures["error"] + self.options.sparsity_weight * float(expected),
            "activity_gap_mean": float(gaps.mean()),
            "activity_gap_largest": float(gaps.max()),
            "activity_by_unit": [round(float(value), 5) for value in activity],
        }


def _running(activity: Tensor, sparsity: float, images: int, step: Step) -> Tensor:
    """The running mean of the units' activity, `(units,)`, with the gradient of this batch's mean.

    A running mean lags: it would still push a unit down that is already below rho, until the unit is dead. So
    a unit gets no gradient while its batch mean and its running mean lie on different sides of rho.
    """
    if not step.training:
        return activity
    seen = activity.detach()
    share = min(1.0, max(_NEWEST, step.whole(images) / _WINDOW))
    before = step.memory.get("activity")
    now = seen if before is None else before + share * (seen - before)
    step.memory["activity"] = now
    agreed = (now - sparsity) * (seen - sparsity) > 0
    return torch.where(agreed, now, torch.full_like(now, sparsity)) + (activity - seen)
