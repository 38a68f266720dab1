"""The plain autoencoder: encode the image as a small latent, and reconstruct it from that.

Hinton and Salakhutdinov, 'Reducing the Dimensionality of Data with Neural Networks', Science 313 (2006),
https://doi.org/10.1126/science.1127647.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diabolo.train.losses import mean_squared_error
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """This variant has no options."""


class Variant(VariantBase):
    """Minimises the reconstruction error, MSE = 1/n sum_i (x_i - y_i)^2."""

    summary = "the plain autoencoder: the output should equal the input"
    mixable = True

    def __init__(self, options: Options) -> None:
        self.options = options

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The mean squared error of a batch `(batch, channels, height, width)` in [0, 1]."""
        return Loss(mean_squared_error(image, model(image)))
