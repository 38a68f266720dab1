"""The plain autoencoder: squeeze the image through a narrow code and get it back."""

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
    """Minimises the reconstruction error, MSE = 1/n sum (y_i - y~_i)^2."""

    summary = "the plain one: the output should equal the input"

    def __init__(self, options: Options) -> None:
        self.options = options

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The reconstruction error of the batch."""
        return Loss(mean_squared_error(image, model(image)))
