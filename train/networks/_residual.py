"""A residual block, without normalisation."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["Residual"]


class Residual(nn.Module):
    """Two convolutions beside a path that changes nothing; it begins as that path and a small constant.

    Pre-activation, as in He et al., 'Identity Mappings in Deep Residual Networks', https://arxiv.org/abs/1603.05027.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        first = nn.Conv2d(channels, channels, 3, padding=1)
        self.layers = nn.Sequential(nn.SiLU(), first, nn.SiLU(), last)

    def forward(self, value: Tensor) -> Tensor:
        """`(batch, channels, rows, columns)`, and the same out."""
        out: Tensor = value + self.layers(value)
        return out
