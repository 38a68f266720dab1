"""The variational autoencoder (VAE): a latent space with few holes, from which new images can be drawn.

Kingma and Welling, 'Auto-Encoding Variational Bayes', https://arxiv.org/abs/1312.6114. The weight beta is
from Higgins et al., 'beta-VAE', https://openreview.net/forum?id=Sy2fzU9gl; the warm-up of the KL from
Sonderby et al., 'Ladder Variational Autoencoders', https://arxiv.org/abs/1602.02282; the bound by several
latents (IWAE) from Burda et al., 'Importance Weighted Autoencoders', https://arxiv.org/abs/1509.00519; the
weight of the total correlation from Chen et al., 'Isolating Sources of Disentanglement in VAEs',
https://arxiv.org/abs/1802.04942 (beta-TC-VAE).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.train.errors import OptionError
from diabolo.train.leaky_sigmoid import leaky_sigmoid
from diabolo.train.losses import (
    bernoulli_reconstruction,
    binarised,
    fixed_thresholds,
    gaussian_kl_by_dimension,
    gaussian_reconstruction,
    total_correlation,
)
from diabolo.train.model import Code, GaussianHead, Head, Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]

_GREY = 0.5  # the mean of 4 p (1 - p) over all pixels: 0.07 for MNIST, 0.15 for notMNIST, 0.75 for CIFAR-10
_ACTIVE = 0.01  # a dimension is active if its mean varies more than this over images (Burda et al. 2015)


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """The likelihood of the pixels, and the weight of the KL divergence from the prior."""

    beta: float = setting(
        1.0, "weight of the KL divergence from N(0, I); 1 gives the ELBO", low=0, high=10**6
    )
    kl_warmup: float = setting(
        0.0,
        "epochs over which beta rises from 0, to prevent posterior collapse",
        low=0,
        high=10**6,
        unit="epochs",
    )
    tc_weight: float = setting(
        0.0,
        "weight of the total correlation of the latent's dimensions, in addition to its share of the KL "
        "divergence; beta - 1 of beta-TC-VAE. A larger one makes dimensions independent of each other",
        low=0,
        high=10**6,
    )
    likelihood: str | None = setting(
        None,
        "bernoulli: a pixel is a probability; gaussian: a mean, with one learned standard deviation",
        choices=("bernoulli", "gaussian"),
        default_text="bernoulli for binarised or mostly black and white images, otherwise gaussian",
    )
    binarise: str = setting(
        "none",
        "sample each pixel as 0 or 1: dynamic (anew at every step) or static (once); none: keep grey values",
        choices=("none", "static", "dynamic"),
    )
    importance_samples: int = setting(
        1,
        "latents drawn per image; with more than one, the objective is the tighter importance-weighted bound "
        "(IWAE), and training takes almost that many times longer",
        low=1,
        high=10**4,
        unit="latents",
    )
    importance_after: float = setting(
        0.0, "epochs with one latent per image before that number is used", low=0, high=10**6, unit="epochs"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.importance_after and self.importance_samples == 1:
            raise OptionError(
                f"importance after {self.importance_after:g} needs more than one latent per image from then "
                "on: give --importance-samples 5, say, or --importance-after 0."
            )
        if self.tc_weight and self.importance_samples > 1:
            raise OptionError(
                f"tc weight {self.tc_weight:g} is for one latent per image, and there are "
                f"{self.importance_samples}: give --importance-samples 1, or --tc-weight 0."
            )


class Variant(VariantBase):
    """The reconstruction error plus beta times the KL divergence from N(0, I), both in nats per image."""

    summary = "encodes a mean and a variance, draws the latent from them; can generate images"
    tradeoff = "The KL divergence makes a VAE's latents imprecise: compare with a smaller --beta."
    default_latent_dim = 20

    def __init__(self, options: Options) -> None:
        self.options = options
        self.constrained = options.beta > 0
        self.stationary_after = max(options.kl_warmup, options.importance_after)

    @classmethod
    def completed(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Runs without a likelihood were trained with a Bernoulli one."""
        return {**options, "likelihood": options.get("likelihood") or "bernoulli"}

    def suited(self, images: NDArray[np.float32]) -> dict[str, Any]:
        """The likelihood of these pixels; Bernoulli if they are sampled as 0 or 1.

        The cross-entropy of a grey pixel changes little with its reconstruction: where all are grey it hardly
        counts against the KL divergence, and the posterior collapses. The standard deviation of a gaussian
        likelihood is learned, so it counts as much as the images allow (Rybkin et al., 'Simple and Effective
        VAE Training with Calibrated Decoders', https://arxiv.org/abs/2006.13202).
        """
        grey = self.options.binarise == "none" and float((4 * images * (1 - images)).mean()) >= _GREY
        return {"likelihood": "gaussian" if grey else "bernoulli"}

    def head(self) -> Head:
        """A mean and a log-variance for every latent value."""
        return GaussianHead()

    def extras(self) -> dict[str, Tensor]:
        """The logarithm of the pixels' standard deviation, for a gaussian likelihood."""
        # the name is a key of model.safetensors: older runs have it
        return {"log_deviation": torch.tensor(-1.0)} if self.options.likelihood == "gaussian" else {}

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The negative ELBO of a batch `(batch, channels, height, width)` in [0, 1], in nats per image.

        With one latent per image, the KL divergence is computed in closed form. With k of them it is the
        tighter bound -log 1/k sum_i exp(w_i), with w_i = beta (log p(z_i) - log q(z_i | x)) + log p(x | z_i).
        With a weight of the total correlation, this is added.
        """
        image = self.pixels(image, step)
        mean, log_variance = _both(model.encode(image))
        samples = self._samples(step)
        normal = step.normal(len(mean), samples, *mean.shape[1:])
        reconstruction, ratio = self._terms(model, image, mean, log_variance, normal)
        by_dimension = gaussian_kl_by_dimension(mean, log_variance).flatten(1)
        divergence = by_dimension.sum(1).mean()
        if samples == 1:
            objective = reconstruction.mean() + self._weight(step) * divergence
        else:
            weights = self._weight(step) * ratio - reconstruction
            objective = math.log(samples) - weights.logsumexp(1).mean()
        reconstruction = reconstruction.mean()
        terms = {"reconstruction": reconstruction.detach(), "kl": divergence.detach()}
        if self.options.tc_weight and step.whole(len(mean)) > 1:
            correlation = _correlation(mean, log_variance, normal[:, 0], step)
            objective = objective + self._warm(step) * self.options.tc_weight * correlation
            terms["total_correlation"] = correlation.detach()
        pools = {
            "kl": by_dimension.detach().mean(0),
            "mean": mean.detach().flatten(1).mean(0),
            "square": mean.detach().flatten(1).square().mean(0),
        }
        return Loss(objective, terms, pools)

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """Add the ELBO, the root mean square of the codes, and how many dimensions are active.

        Each value of a grid is a dimension.
        """
        active = (pools["square"] - pools["mean"].square()) > _ACTIVE
        return figures | {
            "elbo": -(figures["reconstruction"] + figures["kl"]),
            "active_units": int(active.sum()),
            "code_deviation": float(pools["square"].mean().sqrt()),
            "kl_by_dimension": [round(float(value), 4) for value in pools["kl"]],
        }

    def log_weights(self, model: Model, pixels: Tensor, step: Step, samples: int) -> Tensor:
        """log p(x | z) + log p(z) - log q(z | x) of latents drawn from q: `(batch, samples)`, in nats.

        Args:
            model: in eval mode.
            pixels: `(batch, channels, height, width)` in [0, 1].
            step: the source of all randomness.
            samples: latents per image.
        """
        mean, log_variance = _both(model.encode(pixels))
        normal = step.normal(len(pixels), samples, *mean.shape[1:])
        reconstruction, ratio = self._terms(model, pixels, mean, log_variance, normal)
        return ratio - reconstruction

    def pixels(self, image: Tensor, step: Step) -> Tensor:
        """The images `(batch, channels, height, width)`, or zeros and ones drawn with their values.

        Salakhutdinov and Murray, 'On the Quantitative Analysis of Deep Belief Networks', ICML 2008,
        https://doi.org/10.1145/1390156.1390266, draw them like this.
        """
        if self.options.binarise == "dynamic":
            return binarised(image, step.uniform(*image.shape))
        if self.options.binarise == "static":
            return binarised(image, fixed_thresholds(image))
        return image

    def _terms(
        self, model: Model, pixels: Tensor, mean: Tensor, log_variance: Tensor, normal: Tensor
    ) -> tuple[Tensor, Tensor]:
        """-log p(x | z) and log p(z) - log q(z | x): both `(batch, samples)`, in nats.

        Args:
            model: the model.
            pixels: `(batch, channels, height, width)` in [0, 1].
            mean: of q(z | x), `(batch, *latent_shape)`.
            log_variance: of q(z | x), of the same shape.
            normal: random numbers from N(0, 1), `(batch, samples, *latent_shape)`.
        """
        batch, samples = normal.shape[:2]
        latent = mean[:, None] + (0.5 * log_variance).exp()[:, None] * normal
        # the constants of both gaussians cancel
        ratio = 0.5 * (normal.square() + log_variance[:, None] - latent.square()).flatten(2).sum(2)
        again = pixels.repeat_interleave(samples, 0) if samples > 1 else pixels
        return self._reconstruction(model, again, latent.flatten(0, 1)).view(batch, samples), ratio

    def _reconstruction(self, model: Model, image: Tensor, latent: Tensor) -> Tensor:
        logits = model.logits(latent)
        if self.options.likelihood == "gaussian":
            mean = leaky_sigmoid(logits.float(), training=model.training)
            return gaussian_reconstruction(image, mean, model.extras["log_deviation"])
        return bernoulli_reconstruction(image, logits)

    def _samples(self, step: Step) -> int:
        early = step.training and step.epoch < self.options.importance_after
        return 1 if early else self.options.importance_samples

    def _weight(self, step: Step) -> float:
        return self.options.beta * self._warm(step)

    def _warm(self, step: Step) -> float:
        """How much of the KL divergence, and of its part, the total correlation, counts in this step."""
        if not step.training or not self.options.kl_warmup:
            return 1.0
        return min(1.0, step.epoch / self.options.kl_warmup)


def _correlation(mean: Tensor, log_variance: Tensor, normal: Tensor, step: Step) -> Tensor:
    """The total correlation of the latents of the whole batch, of all processes."""
    mean, log_variance, normal = (values.flatten(1) for values in (mean, log_variance, normal))
    latent = mean + (0.5 * log_variance).exp() * normal
    everywhere = step.gather(mean), step.gather(log_variance)
    return total_correlation(latent, *everywhere, step.own(len(mean)), step.images)


def _both(code: Code) -> tuple[Tensor, Tensor]:
    if code.log_variance is None:
        raise TypeError("the vae needs a gaussian head")
    return code.latent.float(), code.log_variance.float()
