"""The variational autoencoder: a latent space without holes, from which new images can be drawn.

Kingma and Welling, 'Auto-Encoding Variational Bayes', https://arxiv.org/abs/1312.6114; the weight beta
is Higgins et al., 'beta-VAE', https://openreview.net/forum?id=Sy2fzU9gl.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diabolo.train.losses import bernoulli_reconstruction, gaussian_kl
from diabolo.train.model import GaussianHead, Head, Model
from diabolo.train.variants._base import Loss, VariantBase, check_range, option

__all__ = ["Options", "Variant"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How strongly latents are drawn to the prior."""

    beta: float = option(1.0, "weight of the KL to N(0, I); 1 is the evidence lower bound")

    def __post_init__(self) -> None:
        check_range("beta", self.beta, 0, 1e6)


class Variant(VariantBase):
    """Reconstruction plus beta times the KL to N(0, I), both in nats per image."""

    summary = "mean and variance vectors, a latent drawn from them; continuous, can generate"
    default_latent_dim = 20

    def __init__(self, options: Options) -> None:
        self.options = options

    def head(self) -> Head:
        """A mean and a log-variance."""
        return GaussianHead()

    def loss(self, model: Model, image: Tensor, generator: torch.Generator) -> Loss:
        """The negative evidence lower bound of the batch, one latent drawn for each image."""
        code = model.encode(image)
        if code.log_variance is None:
            raise TypeError("the vae needs a gaussian head")
        normal = torch.randn(code.latent.shape, generator=generator, device=image.device)
        latent = code.latent + (0.5 * code.log_variance).exp() * normal
        reconstruction = bernoulli_reconstruction(image, model.logits(latent))
        divergence = gaussian_kl(code.latent, code.log_variance)
        terms = {"reconstruction": reconstruction.detach(), "kl": divergence.detach()}
        return Loss(reconstruction + self.options.beta * divergence, terms)
