"""The model that every variant trains: an encoder, a head that makes the latent, and a decoder."""

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

__all__ = ["Code", "GaussianHead", "Head", "IdentityHead", "Model", "SigmoidHead", "full_precision"]

_NEAREST = 1e-4  # to 0 and 1, of pixel values that become logits


@dataclass(frozen=True)
class Code:
    """What the head makes of a batch.

    Attributes:
        latent: `(batch, *latent_shape)`; the mean for a head that gives a gaussian.
        log_variance: of the same shape, for a head that gives a gaussian.
    """

    latent: Tensor
    log_variance: Tensor | None = None


def full_precision(raw: Tensor) -> Tensor:
    """Outputs of a network in float32, under autocast, too; float64 stays, in which exports are checked."""
    return raw if raw.dtype == torch.float64 else raw.float()


class Head(nn.Module):
    """Turns the encoder's raw outputs into a latent, and declares the latent space that it makes.

    Raw outputs and latents are channels first. A head may have weights, such as a codebook: `build` makes
    them, and they are trained, saved and exported like those of the encoder and the decoder.

    Attributes:
        width: raw outputs per latent value.
        prior: 'normal' when training draws latents towards N(0, I).
    """

    width: ClassVar[int] = 1
    prior: ClassVar[str | None] = None

    def build(self, latent_shape: tuple[int, ...]) -> None:
        """Make the head's weights, if it has any; the model calls this once.

        Args:
            latent_shape: of one latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.
        """

    def distribution(self, codes: NDArray[np.float32]) -> Distribution:
        """The distribution that latents are drawn from, in plots, for `holes`, and in an exported bundle.

        By default the prior N(0, I) if `prior` is 'normal', else a gaussian fitted to the codes. A head with
        discrete codes returns `Codebook.to(vectors, codes)`, and one whose codes lie in clusters a `Mixture`.

        Args:
            codes: latents of images, float32 `(n, *latent_shape)`, from `forward` in eval mode.
        """
        return Normal(codes.shape[1:]) if self.prior == "normal" else Fitted.to(codes)

    @abstractmethod
    def forward(self, raw: Tensor) -> Code:
        """Make a code of raw outputs.

        Args:
            raw: `(batch, width * latent_shape[0], *latent_shape[1:])`.

        Returns:
            A code of `(batch, *latent_shape)`.
        """


class IdentityHead(Head):
    """The raw outputs are the latent, unbounded."""

    def forward(self, raw: Tensor) -> Code:
        """Raw outputs `(batch, *latent_shape)`, unchanged."""
        return Code(raw)


class SigmoidHead(Head):
    """Units in [0, 1], so that a unit's mean activity is a share."""

    def forward(self, raw: Tensor) -> Code:
        """The sigmoid of raw outputs `(batch, *latent_shape)`: a latent of the same shape in [0, 1]."""
        return Code(torch.sigmoid(full_precision(raw)))


class GaussianHead(Head):
    """A mean and a log-variance for every latent value: the approximate posterior q(z | x) of a VAE.

    The first half of the channels are means, the second half log-variances. Kingma and Welling,
    'Auto-Encoding Variational Bayes', https://arxiv.org/abs/1312.6114.
    """

    width = 2
    prior = "normal"

    def forward(self, raw: Tensor) -> Code:
        """Split raw outputs into mean and log-variance.

        Args:
            raw: `(batch, 2 * latent_shape[0], *latent_shape[1:])`.

        Returns:
            A code whose latent is the mean. The log-variance is clamped to [-12, 12], so that neither its
            exponential nor the inverse of that overflows. Both are `(batch, *latent_shape)`.
        """
        mean, log_variance = full_precision(raw).chunk(2, dim=1)
        return Code(mean, log_variance.clamp(-12, 12))


class Model(nn.Module):
    """An encoder, a head and a decoder.

    An offset is added to the decoder's logits: the logit of the training images' mean brightness, one per
    channel. An output that starts at the mean of the data seldom turns all black in the first steps; where it
    does, `leaky_sigmoid` lets it recover.

    Args:
        encoder: images to raw outputs, `(batch, head.width * latent_shape[0], *latent_shape[1:])`.
        decoder: latents `(batch, *latent_shape)` to logits `(batch, *image_shape)`; or to pixel values in
            about [0, 1], if its attribute `linear` is true.
        head: raw outputs to a code.
        image_shape: `(channels, height, width)`.
        latent_shape: of one latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.
        extras: further tensors that the loss learns, by name, such as a standard deviation. They are not
            exported.
        multiple: if the model takes images of any size, what their sides are multiples of; None: it takes
            images of `image_shape` only.
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
        multiple: int | None = None,
    ) -> None:
        super().__init__()
        self.multiple = multiple
        self.image_shape = image_shape
        self.latent_shape = latent_shape
        self.encoder = encoder
        self.head = head
        head.build(latent_shape)
        self.decoder = decoder
        # whether the decoder returns pixel values rather than logits
        self.linear = bool(getattr(decoder, "linear", False))
        self.extras = nn.ParameterDict({name: nn.Parameter(value) for name, value in (extras or {}).items()})
        self.register_buffer("offset", torch.zeros(image_shape[0], 1, 1))

    @property
    def latent_dim(self) -> int:
        """The number of values of a flat latent, or of channels of a grid."""
        return self.latent_shape[0]

    def latent_space(self, codes: NDArray[np.float32]) -> LatentSpace:
        """The latent space that the head declares, with the statistics of some codes.

        Args:
            codes: latents of images, float32 `(n, *latent_shape)`.
        """
        return LatentSpace.of_codes(codes, distribution=self.head.distribution(codes))

    def set_mean(self, brightness: Tensor) -> None:
        """Set the offset from the training images' mean brightness, `(channels,)` in [0, 1]."""
        self.offset.copy_(torch.logit(brightness.clamp(0.02, 0.98)).reshape(-1, 1, 1))

    def encode(self, image: Tensor) -> Code:
        """The code of images `(batch, channels, height, width)` in [0, 1]."""
        code: Code = self.head(self.encoder(image))
        return code

    def logits(self, latent: Tensor) -> Tensor:
        """The logits `(batch, channels, height, width)` of latents `(batch, *latent_shape)`."""
        out: Tensor = self.decoder(latent)
        return torch.logit(out.float(), eps=_NEAREST) if self.linear else out + self.offset

    def decode(self, latent: Tensor) -> Tensor:
        """The images `(batch, channels, height, width)` in [0, 1] of latents `(batch, *latent_shape)`.

        In training, a decoder of pixel values may leave this range, so that its gradient does not vanish
        there.
        """
        if self.linear:
            out: Tensor = self.decoder(latent)
            return out if self.training else out.clamp(0, 1)
        return leaky_sigmoid(self.logits(latent), training=self.training)

    def forward(self, image: Tensor) -> Tensor:
        """Reconstruct images `(batch, channels, height, width)` in [0, 1]."""
        return self.decode(self.encode(image).latent)
