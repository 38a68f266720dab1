"""The plain fully connected pair: one wide hidden layer down, one up.

The layer narrows where the images are so large that it would have more than 34 million weights: at
256 x 256 in colour a thousand units would take 400 million, and gigabytes to train.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from torch import Tensor, nn

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "fully connected, one hidden layer of up to 1024 either way"
_WIDTH = 1024  # units of a hidden layer, unless the images are very large
_DEPTH = 1  # hidden layers
_WEIGHTS = 2**25  # of a layer, at most, where the width is not given


def _hidden(image_shape: tuple[int, int, int], width: int | None, depth: int) -> list[int]:
    own = min(_WIDTH, max(1, _WEIGHTS // prod(image_shape)))
    return [width or own] * depth


def _layers(sizes: list[int]) -> list[nn.Module]:
    """Linear layers between these sizes, with a GELU between each two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.GELU()]
    return layers[:-1]


class Encoder(nn.Module):
    """`(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`.

    Args:
        image_shape: (channels, height, width) of an image.
        outputs: how many numbers to return for each.
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
        """Squeeze."""
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """`(batch, latent_dim)` to logits `(batch, channels, height, width)`; width and depth as above."""

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
        """Open up."""
        out: Tensor = self.layers(latent)
        return out
