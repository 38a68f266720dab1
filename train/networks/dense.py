"""The plain fully connected pair: one wide hidden layer down, one up.

The layer narrows where the images are so large that it would have more than 34 million weights: at
256 x 256 in colour a thousand units would take 400 million, and gigabytes to train.
"""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "fully connected, one hidden layer of up to 1024 either way"
_WIDTH = 1024  # units of the hidden layer, at most
_WEIGHTS = 2**25  # of a layer, at most


def _width(image_shape: tuple[int, int, int]) -> int:
    return min(_WIDTH, max(1, _WEIGHTS // prod(image_shape)))


class Encoder(nn.Module):
    """`(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`."""

    def __init__(self, image_shape: tuple[int, int, int], outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(prod(image_shape), _width(image_shape)),
            nn.GELU(),
            nn.Linear(_width(image_shape), outputs),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Squeeze."""
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """`(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape: tuple[int, int, int], latent_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, _width(image_shape)),
            nn.GELU(),
            nn.Linear(_width(image_shape), prod(image_shape)),
            nn.Unflatten(1, image_shape),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """Open up."""
        out: Tensor = self.layers(latent)
        return out
