"""The model that every variant trains: an encoder, a head that makes the latent, a decoder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.runtime.latent import Distribution, Fitted, LatentSpace, Normal
from diabolo.train.leaky_sigmoid import leaky_sigmoid

__all__ = ["Code", "GaussianHead", "Head", "IdentityHead", "Model", "SigmoidHead"]


@dataclass(frozen=True)
class Code:
    """What the encoder says of a batch: `(batch, *latent_shape)` each; `log_variance` for a gaussian head."""

    latent: Tensor
    log_variance: Tensor | None = None


class Head(nn.Module):
    """Turns the encoder's raw outputs into a latent, and declares the latent space that it makes.

    Both are channels first, whatever dimensions follow. A head may have weights, such as a codebook: `build`
    makes them, and they are trained, saved and exported like those of the encoder and the decoder.

    Attributes:
        width: raw outputs per latent value.
        prior: 'normal' when training draws latents towards N(0, I).
    """

    width: ClassVar[int] = 1
    prior: ClassVar[str | None] = None

    def build(self, latent_shape: tuple[int, ...]) -> None:
        """Make the head's own weights, if it has any; the model calls this once.

        Args:
            latent_shape: of one latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.
        """

    def distribution(self, codes: NDArray[np.float32]) -> Distribution:
        """What latents are drawn from: plots, the measure of holes and an exported bundle use it.

        By default the prior N(0, I) if `prior` is 'normal', else a gaussian fitted to the codes. A head with
        discrete codes returns `Codebook.to(vectors, codes)`.

        Args:
            codes: of images, float32 `(n, *latent_shape)`, as `forward` makes them in eval mode.
        """
        return Normal(codes.shape[1:]) if self.prior == "normal" else Fitted.to(codes)

    @abstractmethod
    def forward(self, raw: Tensor) -> Code:
        """`(batch, width * latent_shape[0], *latent_shape[1:])` to a code `(batch, *latent_shape)`."""


class IdentityHead(Head):
    """The raw outputs are the latent."""

    def forward(self, raw: Tensor) -> Code:
        """Pass through."""
        return Code(raw)


class SigmoidHead(Head):
    """Units in [0, 1], whose mean activity is a share."""

    def forward(self, raw: Tensor) -> Code:
        """Squash."""
        return Code(torch.sigmoid(raw.float()))


class GaussianHead(Head):
    """A mean and a log-variance for every latent value; the latent outside training is the mean.

    The first half of the channels are means, the second half log-variances.
    """

    width = 2
    prior = "normal"

    def forward(self, raw: Tensor) -> Code:
        """Split; the log-variance is clamped so that neither its exponential nor its inverse overflows."""
        mean, log_variance = raw.float().chunk(2, dim=1)
        return Code(mean, log_variance.clamp(-12, 12))


class Model(nn.Module):
    """An encoder and a decoder around a latent.

    The offset, the logit of the training images' mean brightness by channel, is added to the decoder's
    logits: an output that begins at the data's mean seldom runs to all black in the first steps; where it
    does, it comes back (`squash`).

    Attributes:
        image_shape: `(channels, height, width)`.
        latent_shape: of one image's latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.
    """

    offset: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        head: Head,
        image_shape: tuple[int, int, int],
        latent_shape: tuple[int, ...],
        extras: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.latent_shape = latent_shape
        self.encoder = encoder
        self.head = head
        head.build(latent_shape)
        self.decoder = decoder
        # what a loss learns beside the two, a deviation for one; no part of what is exported
        self.extras = nn.ParameterDict({name: nn.Parameter(value) for name, value in (extras or {}).items()})
        self.register_buffer("offset", torch.zeros(image_shape[0], 1, 1))

    @property
    def latent_dim(self) -> int:
        """The latent's first dimension: how many numbers a flat one has, how many channels a grid."""
        return self.latent_shape[0]

    def latent_space(self, codes: NDArray[np.float32]) -> LatentSpace:
        """The latent space that the head declares.

        Args:
            codes: of images, float32 `(n, *latent_shape)`; its statistics are theirs.
        """
        return LatentSpace.of_codes(codes, distribution=self.head.distribution(codes))

    def set_mean(self, brightness: Tensor) -> None:
        """Start from the training images' mean, `(channels,)` in [0, 1]."""
        self.offset.copy_(torch.logit(brightness.clamp(0.02, 0.98)).reshape(-1, 1, 1))

    def encode(self, image: Tensor) -> Code:
        """`(batch, channels, height, width)` in [0, 1] to a code."""
        code: Code = self.head(self.encoder(image))
        return code

    def logits(self, latent: Tensor) -> Tensor:
        """`(batch, *latent_shape)` to logits `(batch, channels, height, width)`."""
        out: Tensor = self.decoder(latent) + self.offset
        return out

    def decode(self, latent: Tensor) -> Tensor:
        """`(batch, *latent_shape)` to images `(batch, channels, height, width)` in [0, 1]."""
        return leaky_sigmoid(self.logits(latent), training=self.training)

    def forward(self, image: Tensor) -> Tensor:
        """Reconstruct."""
        return self.decode(self.encode(image).latent)
