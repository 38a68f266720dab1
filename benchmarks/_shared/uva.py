"""The CIFAR-10 autoencoder of the UvA deep-learning course, tutorial 9, as a network of the user's own.

https://uvadlc-notebooks.readthedocs.io/en/latest/tutorial_notebooks/tutorial9/AE_CIFAR10.html

    diabolo train autoencoder --dataset cifar10 --latent-dim 384 --network benchmarks/_shared/uva.py:Uva

There it ends in a tanh, for images in [-1, 1]; the decoder here returns what stands before that.
"""

from __future__ import annotations

from torch import nn

_CHANNELS = 32  # of the outer layers; the inner ones have twice as many


def _down(before: int, after: int) -> nn.Module:
    return nn.Conv2d(before, after, 3, stride=2, padding=1)


def _same(channels: int) -> nn.Module:
    return nn.Conv2d(channels, channels, 3, padding=1)


def _up(before: int, after: int) -> nn.Module:
    return nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1)


class Uva:
    """Five convolutions from 32 x 32 to 4 x 4 and a linear layer, and the same back."""

    class Encoder(nn.Sequential):
        def __init__(self, image_shape: tuple[int, int, int], outputs: int) -> None:
            outer, inner = _CHANNELS, 2 * _CHANNELS
            super().__init__(
                *(_down(image_shape[0], outer), nn.GELU(), _same(outer), nn.GELU()),
                *(_down(outer, inner), nn.GELU(), _same(inner), nn.GELU()),
                *(_down(inner, inner), nn.GELU(), nn.Flatten(), nn.Linear(16 * inner, outputs)),
            )

    class Decoder(nn.Sequential):
        def __init__(self, image_shape: tuple[int, int, int], latent_dim: int) -> None:
            outer, inner = _CHANNELS, 2 * _CHANNELS
            super().__init__(
                *(nn.Linear(latent_dim, 16 * inner), nn.GELU(), nn.Unflatten(1, (inner, 4, 4))),
                *(_up(inner, inner), nn.GELU(), _same(inner), nn.GELU()),
                *(_up(inner, outer), nn.GELU(), _same(outer), nn.GELU(), _up(outer, image_shape[0])),
            )
