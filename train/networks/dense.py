"""Fully connected layers: one wide hidden layer in the encoder and one in the decoder.

For very large images the layer is narrower, so that it has at most 34 million weights: for 256 x 256 in
colour, a thousand units would take 200 million weights on each side, and gigabytes of memory to train.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from torch import Tensor, nn

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "fully connected, one hidden layer of up to 1024 units on each side"
_WIDTH = 1024  # units of a hidden layer, unless the images are very large
_DEPTH = 1  # hidden layers
_WEIGHTS = 2**25  # per layer, at most, unless the width is given


def _hidden(image_shape: tuple[int, int, int], width: int | None, depth: int) -> list[int]:
    own = min(_WIDTH, max(1, _WEIGHTS // prod(image_shape)))
    return [width or own] * depth


def _layers(sizes: list[int]) -> list[nn.Module]:
    """Linear layers between these sizes, with GELUs in between (https://arxiv.org/abs/1606.08415)."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.GELU()]
    return layers[:-1]


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`.

    Args:
        image_shape: `(channels, height, width)`.
        outputs: numbers per image.
        width: units of each hidden layer; None: 1024, or fewer for very large images.
        depth: hidden layers.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int | None = None,
        depth: int = _DEPTH,
    ) -> None:
        super().__init__()
        sizes = [prod(image_shape), *_hidden(image_shape, width, depth), outputs]
        self.layers = nn.Sequential(nn.Flatten(), *_layers(sizes))

    def forward(self, image: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            image: `(batch, channels, height, width)` in [0, 1].

        Returns:
            `(batch, outputs)`, unbounded; the head makes the latent of it.
        """
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """Latents `(batch, latent_dim)` to logits `(batch, channels, height, width)`.

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: numbers per latent.
        width: units of each hidden layer; None: 1024, or fewer for very large images.
        depth: hidden layers.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        width: int | None = None,
        depth: int = _DEPTH,
    ) -> None:
        super().__init__()
        sizes = [latent_dim, *_hidden(image_shape, width, depth), prod(image_shape)]
        self.layers = nn.Sequential(*_layers(sizes), nn.Unflatten(1, image_shape))

    def forward(self, latent: Tensor) -> Tensor:
        """Decode a batch.

        Args:
            latent: `(batch, latent_dim)`.

        Returns:
            Logits `(batch, channels, height, width)`.
        """
        out: Tensor = self.layers(latent)
        return out
