"""Halving and doubling the size, as the convolutional networks do."""

from __future__ import annotations

from torch import nn

__all__ = ["halved", "sub_pixel"]


def halved(size: int, times: int) -> int:
    """The side of a grid after some halvings, each rounded up, as strided convolutions do.

    Args:
        size: of the side, in pixels.
        times: number of halvings.
    """
    return -(-size // (1 << times))


def sub_pixel(channels: int, after: int, activation: type[nn.Module] = nn.SiLU) -> list[nn.Module]:
    """Layers from `(batch, channels, rows, columns)` to `(batch, after, 2 rows, 2 columns)`.

    An activation, a convolution and PixelShuffle: Shi et al., 'Real-Time Single Image and Video
        Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network',
        https://arxiv.org/abs/1609.05158.
    """
    return [activation(), nn.Conv2d(channels, 4 * after, 3, padding=1), nn.PixelShuffle(2)]
