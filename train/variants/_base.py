"""The contract of a variant file: a module with two classes, `Options` and `Variant`."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor

from diabolo.runtime.image.noise import NoiseSpec
from diabolo.train.model import Head, IdentityHead, Model
from diabolo.train.step import Step

__all__ = ["Loss", "VariantBase"]

_FORMER = ("check_choice", "check_range", "option")


def __getattr__(name: str) -> Any:
    if name not in _FORMER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from diabolo.train.variants import _former

    warnings.warn(
        f"{name} of {__name__} is deprecated: derive Options from diabolo.train.settings.Settings, and make "
        "its fields with setting(default, help, low=..., high=..., choices=...), which also checks them.",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(_former, name)


@dataclass(frozen=True)
class Loss:
    """What is minimised, and what is worth seeing beside it.

    Attributes:
        objective: a scalar with a gradient.
        terms: detached scalars by name, means over the batch; averaged over an epoch for the history.
        pools: detached means over the batch by name, of any shape; averaged over a whole set they go to
            `VariantBase.pooled`, for figures that are not a mean over images.
    """

    objective: Tensor
    terms: dict[str, Tensor] = field(default_factory=dict)
    pools: dict[str, Tensor] = field(default_factory=dict)


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

    def extras(self) -> dict[str, Tensor]:
        """What the loss learns beside encoder and decoder, by name, as it begins; see `Model.extras`."""
        return {}

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """The figures of a whole set, given its `pools`; only for a variant whose loss has some."""
        return figures

    def warnings(self, figures: dict[str, Any]) -> list[str]:
        """What the figures of the test set give reason to say aloud."""
        return []

    @abstractmethod
    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1]; all chance is `step`'s."""

    def pixels(self, image: Tensor, step: Step) -> Tensor:
        """What of a batch is to be restored: the images as they are, or drawn from them."""
        return image

    def log_weights(self, model: Model, pixels: Tensor, step: Step, samples: int) -> Tensor | None:
        """log p(x, z) - log q(z | x) in nats, `(batch, samples)`, z drawn from q; None: no likelihood."""
        return None
