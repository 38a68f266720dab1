"""The regularised autoencoder (RAE): no noise, no prior, and a density fitted to the codes afterwards.

Ghosh et al., 'From Variational to Deterministic Autoencoders', https://arxiv.org/abs/1903.12436, RAE-L2. What
keeps a VAE's latent space smooth is the noise of its encoder. Here it is a decoder with small weights, and
codes that stay near the origin. New latents are drawn from a mixture of gaussians, fitted to the codes when
the training is over.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from diabolo.runtime.errors import MissingPackageError
from diabolo.runtime.latent import Distribution, Mixture
from diabolo.train.losses import half_squared_error
from diabolo.train.model import Head, IdentityHead, Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant", "fit_mixture"]

_MOST = 256  # values of a latent: a covariance of more takes many codes and much space
_CODES_PER_VALUE = 4  # of each gaussian, for its covariance
_FLOOR = 1e-4  # of the mean variance of the codes: the least variance of a component in any direction


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """What is regularised, and how finely the codes are described."""

    code_weight: float = setting(
        0.1, "beta, the weight of the squared length of the codes", low=0, high=10**6
    )
    decoder_weight: float = setting(
        1e-3,
        "lambda, the weight of the squared weights of the decoder, which makes it smooth",
        low=0,
        high=10**6,
    )
    components: int = setting(
        10,
        "gaussians in the mixture that is fitted to the codes; fewer, if there are too few codes for their "
        "covariances",
        low=1,
        high=1000,
        unit="gaussians",
    )


class MixtureHead(IdentityHead):
    """The raw outputs are the latent; new latents are drawn from a mixture of gaussians.

    Args:
        components: gaussians of the mixture.
    """

    def __init__(self, components: int) -> None:
        super().__init__()
        self._components = components

    def distribution(self, codes: NDArray[np.float32]) -> Distribution:
        """A mixture fitted to codes `(n, *latent_shape)`; one gaussian if the latent is too large for it."""
        return fit_mixture(codes, self._components) or super().distribution(codes)


class Variant(VariantBase):
    """Half the squared error per image, plus half the squared codes and half the squared decoder weights."""

    summary = "codes near the origin, a decoder with small weights; draws images from a fitted mixture"
    tradeoff = (
        "The regularisation costs precision: compare with a smaller --code-weight and --decoder-weight."
    )
    default_latent_dim = 16

    def __init__(self, options: Options) -> None:
        self.options = options
        self.constrained = bool(options.code_weight or options.decoder_weight)

    def head(self) -> Head:
        """A latent, and the mixture of latents."""
        return MixtureHead(self.options.components)

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1].

        1/2 |x - y|^2 + beta/2 |z|^2, as means over images, plus lambda/2 |w|^2 over the weights w of the
        decoder's layers, without their biases.
        """
        latent = model.encode(image).latent.float()
        error = half_squared_error(image, model.decode(latent))
        length = 0.5 * latent.flatten(1).square().sum(1).mean()
        weights = [value for value in model.decoder.parameters() if value.ndim > 1]
        size = 0.5 * sum((value.float().square().sum() for value in weights), start=latent.new_zeros(()))
        objective = error + self.options.code_weight * length + self.options.decoder_weight * size
        terms = {"error": error.detach(), "code": length.detach(), "decoder": size.detach()}
        return Loss(objective, terms, {"square": latent.detach().flatten(1).square().mean(0)})

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """Add the root mean square of the codes."""
        return figures | {"code_deviation": float(pools["square"].mean().sqrt())}


def fit_mixture(codes: NDArray[np.float32], components: int) -> Mixture | None:
    """A mixture of gaussians with full covariances, fitted by expectation maximisation.

    Args:
        codes: float32 `(n, *latent_shape)`, d values each.
        components: gaussians, at most; each needs four codes for each dimension.

    Returns:
        The mixture; None if d is above 256, or there are too few codes, or they do not vary.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    size = prod(codes.shape[1:])
    count = min(components, len(codes) // (_CODES_PER_VALUE * size)) if size <= _MOST else 0
    flat = codes.reshape(len(codes), -1).astype(np.float64)
    if count < 1 or not (spread := float(flat.var(0).mean())):
        return None
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
    except ImportError:
        raise MissingPackageError(
            'the variant regularised needs scikit-learn. Install it with: pip install "diabolo[train]"'
        ) from None
    fitted = GaussianMixture(count, reg_covar=_FLOOR * spread, random_state=0, max_iter=200)
    with (
        warnings.catch_warnings()
    ):  # equal codes, or a likelihood that still rises a little: it is used as it is
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(flat)
    roots = np.linalg.cholesky(fitted.covariances_)
    return Mixture(fitted.weights_, fitted.means_, roots, shape=codes.shape[1:])
