"""The contract of a variant file: a module with two classes, `Options` and `Variant`."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
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
    """The objective, and named diagnostics.

    Attributes:
        objective: a scalar with a gradient; it is minimised.
        terms: detached scalars by name, means over the batch. Their averages over an epoch are columns of the
            history.
        pools: detached means over the batch by name, of any shape. Their averages over a whole set are passed
            to `VariantBase.pooled`, for figures that are not means over images.
    """

    objective: Tensor
    terms: dict[str, Tensor] = field(default_factory=dict)
    pools: dict[str, Tensor] = field(default_factory=dict)


class VariantBase(ABC):
    """What is optimised: a loss and the head that makes the latent.

    Variants are final classes: none subclasses another. A variant holds its options, but no weights.

    Attributes:
        summary: one line for listings.
        networks: the names of the networks it runs on; None: any.
        default_network: where `--network` is not given.
        default_latent_dim: where `--latent-dim` is not given.
        noise: what the model is trained to remove, or None.
        takes_noisy: whether the loss takes given noisy copies, `Step.noisy`, in place of its own noise.
        mixable: whether very few images are mixed with one another by default, see `budget.augmentation`. A
            loss that shapes the latents would shape them for mixed images, and not for whole ones.
        smallest_batch: that is chosen by default; more if the loss is of a mean over the batch.
        tradeoff: what the reconstruction may suffer from besides too little training; shown if it is poor.
        constrained: whether the loss keeps a latent as large as the image from carrying a copy of it.
        stationary_after: epochs after which the objective no longer changes, so that its values compare.
    """

    summary: ClassVar[str]
    networks: ClassVar[tuple[str, ...] | None] = None
    default_network: ClassVar[str] = "dense"
    default_latent_dim: ClassVar[int] = 32
    noise: NoiseSpec | None = None
    takes_noisy: ClassVar[bool] = False
    mixable: ClassVar[bool] = False
    smallest_batch: ClassVar[int] = 16
    tradeoff: ClassVar[str] = ""
    constrained: bool = False
    stationary_after: float = 0.0

    def suited(self, images: NDArray[np.float32]) -> dict[str, Any]:
        """Values, by name, for options whose default is None: what suits the images.

        Args:
            images: training images `(n, channels, height, width)` in [0, 1], 64 at most.
        """
        return {}

    def head(self) -> Head:
        """The module that makes the latent of the encoder's raw outputs, and declares the latent space."""
        return IdentityHead()

    def extras(self) -> dict[str, Tensor]:
        """Initial values of further tensors that the loss learns, by name; see `Model`."""
        return {}

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """Complete the figures of a whole set from its pools; called only if the loss has pools.

        Args:
            figures: means over images, by name; and `images`, their number.
            pools: the averages of `Loss.pools` over the set, by name.
        """
        return figures

    def warnings(self, figures: dict[str, Any]) -> list[str]:
        """Warnings about the figures of the test set, such as a collapsed posterior."""
        return []

    @classmethod
    def completed(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The options of a run, with those that releases which did not store them used."""
        return options

    @abstractmethod
    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch.

        Args:
            model: in training or eval mode.
            image: `(batch, channels, height, width)` in [0, 1].
            step: the source of all randomness.
        """

    def pixels(self, image: Tensor, step: Step) -> Tensor:
        """The target of the reconstruction: the images, or pixels drawn from them; of the same shape.

        Args:
            image: `(batch, channels, height, width)` in [0, 1].
            step: the source of all randomness.
        """
        return image

    def log_weights(self, model: Model, pixels: Tensor, step: Step, samples: int) -> Tensor | None:
        """log p(x, z) - log q(z | x) for z drawn from q: `(batch, samples)`, in nats; None: no likelihood.

        Args:
            model: in eval mode.
            pixels: `(batch, channels, height, width)` in [0, 1], as `pixels` gives them.
            step: the source of all randomness.
            samples: latents per image.
        """
        return None
