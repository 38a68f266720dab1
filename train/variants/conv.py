"""The autoencoder on convolutions: neighbouring pixels are neighbours for the network too."""

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
    """None of its own."""


class Variant(VariantBase):
    """Minimises the reconstruction error, on a network of convolutions."""

    summary = "the autoencoder on convolutions, strided down and up"
    networks = ("conv", "conv-spatial")
    default_network = "conv"

    def __init__(self, options: Options) -> None:
        self.options = options

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The reconstruction error of the batch."""
        return Loss(mean_squared_error(image, model(image)))
