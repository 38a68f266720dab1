"""The convolutional autoencoder: the network knows which pixels are neighbours.

Masci et al., 'Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction', ICANN 2011,
https://doi.org/10.1007/978-3-642-21735-7_7.
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
    """Minimises the reconstruction error (MSE) of a convolutional network."""

    summary = "convolutional: strided in the encoder, sub-pixel in the decoder"
    networks = ("conv", "conv-spatial")
    default_network = "conv"
    mixable = True

    def __init__(self, options: Options) -> None:
        self.options = options

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The mean squared error of a batch `(batch, channels, height, width)` in [0, 1]."""
        return Loss(mean_squared_error(image, model(image)))
