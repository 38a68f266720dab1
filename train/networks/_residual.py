"""A residual block, without normalisation."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["Residual"]


class Residual(nn.Module):
    """Two convolutions whose output is added to the input, `(batch, channels, rows, columns)`.

    The last one's weights start at zero, so that the block starts as the identity plus a small constant.
    Pre-activation, as in He et al., 'Identity Mappings in Deep Residual Networks', https://arxiv.org/abs/1603.05027.
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
