"""The Wasserstein autoencoder (WAE-MMD): the codes of all images together follow the prior N(0, I).

A VAE draws every single posterior towards the prior, which makes each latent imprecise. Here only their
mixture has to follow it: Tolstikhin et al., 'Wasserstein Auto-Encoders', https://arxiv.org/abs/1711.01558.
With a gaussian encoder it is InfoVAE, which with alpha = 1 is called MMD-VAE: Zhao et al., 'InfoVAE:
Information Maximizing Variational Autoencoders', https://arxiv.org/abs/1706.02262.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diabolo.train.errors import OptionError
from diabolo.train.losses import gaussian_kl_by_dimension, half_squared_error, maximum_mean_discrepancy
from diabolo.train.model import GaussianHead, Head, IdentityHead, Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]

_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernel: those of the authors' experiments


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """The kind of encoder, and what keeps its codes to the prior."""

    encoder: str = setting(
        "deterministic",
        "deterministic: one latent per image (WAE); gaussian: a mean and a variance, from which the latent "
        "is drawn (InfoVAE)",
        choices=("deterministic", "gaussian"),
    )
    mmd_weight: float = setting(
        10.0,
        "lambda, the weight of the discrepancy (MMD) of the codes from N(0, I); a larger one gives fewer "
        "holes and a larger error",
        above=0,
        high=10**9,
    )
    alpha: float = setting(
        1.0,
        "with a gaussian encoder, 1 - alpha is the weight of the KL divergence of each image's posterior; 1 "
        "leaves it out (MMD-VAE)",
        low=-100,
        high=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoder == "deterministic" and self.alpha != 1:
            raise OptionError(
                f"alpha {self.alpha:g} is for the KL divergence of a posterior, and a deterministic encoder "
                "has none: give --encoder gaussian, too, or leave --alpha out."
            )
        if self.alpha + self.mmd_weight <= 1:
            raise OptionError(
                f"alpha {self.alpha:g} and mmd weight {self.mmd_weight:g} give the discrepancy the weight "
                f"alpha + lambda - 1 = {self.alpha + self.mmd_weight - 1:g}, which must be above 0: give an "
                f"--mmd-weight above {1 - self.alpha:g}."
            )


class PriorHead(IdentityHead):
    """The raw outputs are the latent; training draws all of them together towards N(0, I)."""

    prior = "normal"


class Variant(VariantBase):
    """The squared error per image plus lambda times the MMD of the codes from samples of N(0, I)."""

    summary = "draws the codes as a whole towards N(0, I), each remains precise; can generate images"
    tradeoff = "The latents are made to fit N(0, I), at some precision: compare with a smaller --mmd-weight."
    default_latent_dim = 20
    smallest_batch = 128  # the estimate's noise falls with the number of codes

    def __init__(self, options: Options) -> None:
        self.options = options
        self.constrained = options.alpha < 1

    def head(self) -> Head:
        """A latent; or a mean and a log-variance for every latent value."""
        return GaussianHead() if self.options.encoder == "gaussian" else PriorHead()

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The objective of a batch `(batch, channels, height, width)` in [0, 1].

        |x - y|^2 + (1 - alpha) KL(q(z | x) || N(0, I)) + (alpha + lambda - 1) MMD^2(codes, N(0, I)), where
        |x - y|^2 is summed over an image's values: -log p(x | z) of gaussian pixels with variance 1/2, but
        for a constant, in nats. MMD^2 is estimated over the whole batch, of all processes.
        """
        alpha, weight = self.options.alpha, self.options.mmd_weight
        code = model.encode(image)
        latent = code.latent.float()
        normal = step.normal(len(latent), 2, *latent.shape[1:])
        prior, noise = normal.unbind(1)
        divergence = None
        if code.log_variance is not None:
            divergence = gaussian_kl_by_dimension(latent, code.log_variance).flatten(1)
            latent = latent + (0.5 * code.log_variance).exp() * noise
        error = 2 * half_squared_error(image, model.decode(latent))
        discrepancy = _discrepancy(latent, prior, step)
        objective = error + (alpha + weight - 1) * discrepancy
        terms = {"squared_error": error.detach(), "mmd": discrepancy.detach()}
        pools = {"square": code.latent.detach().float().flatten(1).square().mean(0)}
        if divergence is not None:
            objective = objective + (1 - alpha) * divergence.sum(1).mean()
            terms["kl"] = divergence.detach().sum(1).mean()
        return Loss(objective, terms, pools)

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """Add the root mean square of the codes, 1 if they follow the prior."""
        return figures | {"code_deviation": float(pools["square"].mean().sqrt())}


def _discrepancy(latent: Tensor, prior: Tensor, step: Step) -> Tensor:
    """MMD^2 of the whole batch's latents from samples of the prior; 0 for one image, which has no pairs."""
    codes = step.gather(latent.flatten(1))
    samples = step.gather(prior.flatten(1))
    if len(codes) < 2:
        return 0 * codes.sum()
    return maximum_mean_discrepancy(codes, samples, _SCALES)
