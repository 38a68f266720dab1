"""The contract of a variant file: a module with two classes, `Options` and `Variant`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from diabolo.runtime.noise import NoiseSpec
from diabolo.train.errors import OptionError
from diabolo.train.model import Head, IdentityHead, Model

__all__ = ["Loss", "VariantBase", "check_range", "option"]


@dataclass(frozen=True)
class Loss:
    """What is minimised, and what is worth seeing beside it.

    Attributes:
        objective: a scalar with a gradient.
        terms: detached scalars by name, averaged over an epoch for the history.
        pool: a mean over the batch that the objective is not linear in; over a whole set it is averaged
            first, and `VariantBase.pooled` corrects the figures by it.
    """

    objective: Tensor
    terms: dict[str, Tensor] = field(default_factory=dict)
    pool: Tensor | None = None


def option(default: Any, help_text: str) -> Any:
    """A field of `Options`; it becomes the command-line option of its name."""
    return field(default=default, metadata={"help": help_text})


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside the open interval.

    Raises:
        OptionError: it is outside, or not a number.
    """
    if not (math.isfinite(value) and low < value < high):
        raise OptionError(f"{name} {value:g} is not possible; it must lie between {low:g} and {high:g}.")


class VariantBase(ABC):
    """What is optimised. Classes are final: no variant subclasses another.

    A variant holds its options and no weights.
    """

    summary: ClassVar[str]  # one line for listings
    networks: ClassVar[tuple[str, ...] | None] = None  # the only ones it takes; None: any
    default_network: ClassVar[str] = "dense"
    default_latent_dim: ClassVar[int] = 32
    noise: NoiseSpec | None = None  # what the model is trained to remove

    def head(self) -> Head:
        """What makes the latent."""
        return IdentityHead()

    def pooled(self, figures: dict[str, float], pool: Tensor) -> dict[str, float]:
        """The figures of a whole set, given its `pool`; only for a variant whose loss has one."""
        return figures

    @abstractmethod
    def loss(self, model: Model, image: Tensor, generator: torch.Generator) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1]; all chance is `generator`'s."""
