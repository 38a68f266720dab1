"""Residual blocks, without normalisation."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["ACTIVATIONS", "BLOCKS", "PostReLU", "Residual"]


class Residual(nn.Module):
    """Two convolutions whose output is added to the input, `(batch, channels, rows, columns)`.

    The last one's weights start at zero, so that the block starts as the identity plus a small constant.
    Pre-activation, as in He et al., 'Identity Mappings in Deep Residual Networks',
    https://arxiv.org/abs/1603.05027.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        first = nn.Conv2d(channels, channels, 3, padding=1)
        self.layers = nn.Sequential(nn.SiLU(), first, nn.SiLU(), last)

    def forward(self, value: Tensor) -> Tensor:
        """Add the residual to `value`, `(batch, channels, rows, columns)`."""
        out: Tensor = value + self.layers(value)
        return out


class PostReLU(nn.Module):
    """A convolution, a ReLU and a convolution, whose output is added to the input.

    onnxruntime computes a convolution together with the ReLU or the sum that follows it, so that such a block
    takes less time than `Residual`. As in Lim et al., 'Enhanced Deep Residual Networks for Single Image
    Super-Resolution', https://arxiv.org/abs/1707.02921, with the last weights at zero as above.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        self.layers = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), last)

    def forward(self, value: Tensor) -> Tensor:
        """Add the residual to `value`, `(batch, channels, rows, columns)`."""
        out: Tensor = value + self.layers(value)
        return out


ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU}
"""The activations by name."""

BLOCKS: dict[str, type[nn.Module]] = {"silu": Residual, "relu": PostReLU}
"""The kinds of blocks, by the activation within them."""
