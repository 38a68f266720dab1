"""Convolutions, strided on the way down, sub-pixel on the way up, without batch normalisation.

Sub-pixel up-sampling (a convolution, then PixelShuffle) is Shi et al., https://arxiv.org/abs/1609.05158;
it has none of a transposed convolution's checkerboards and quantises well. Sizes that four does not
divide are padded up by the strides and cropped at the end.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "convolutions, strided down, sub-pixel up"
_WIDTHS = (32, 64)  # channels after each halving


def _grid(size: int) -> int:
    """The side after two halvings, rounded up."""
    return -(-size // 4)


class Encoder(nn.Module):
    """`(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`."""

    def __init__(self, image_shape: tuple[int, int, int], outputs: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        first, second = _WIDTHS
        self.layers = nn.Sequential(
            nn.Conv2d(channels, first, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(second * _grid(height) * _grid(width), outputs),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Squeeze."""
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """`(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape: tuple[int, int, int], latent_dim: int) -> None:
        super().__init__()
        channels, self.height, self.width = image_shape
        first, second = _WIDTHS
        rows, columns = _grid(self.height), _grid(self.width)
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, second * rows * columns),
            nn.Unflatten(1, (second, rows, columns)),
            nn.GELU(),
            nn.Conv2d(second, 4 * first, 3, padding=1),
            nn.PixelShuffle(2),
            nn.GELU(),
            nn.Conv2d(first, 4 * channels, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """Open up."""
        out: Tensor = self.layers(latent)
        return out[:, :, : self.height, : self.width]
