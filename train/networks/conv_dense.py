"""Convolutions at the image, dense layers around the code: what is near is seen alike everywhere, and the
whole decides.

A code that must say which digit, and how slanted, gains by a dense layer between it and the pixels' grid; an
image gains by a last convolution at full size, which sees what its neighbours became. Up-sampling is
sub-pixel, as in `conv`; sizes that the halvings do not divide are padded up and cropped.
"""

from __future__ import annotations

from torch import Tensor, nn

from diabolo.train.networks._halving import halved, sub_pixel
from diabolo.train.networks._residual import Residual

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "convolutions at the image, dense layers around the code"
_WIDTH = 32  # channels after the first halving; each further one doubles them
_LARGEST = 8  # pixels a side of the grid that is left, where the number of halvings is not given
_HIDDEN = 16  # units of the dense layer, times the width
_BLOCKS = 0  # residual ones, at each size


def _halvings(rows: int, columns: int) -> int:
    """As many as leave a small grid: the dense layer has a weight for each of its values."""
    depth = 1
    while halved(max(rows, columns), depth) > _LARGEST:
        depth += 1
    return depth


class Encoder(nn.Module):
    """`(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`.

    Args:
        image_shape: (channels, height, width) of an image.
        outputs: how many numbers to return for each.
        width: channels after the first halving; each further one doubles them. The dense layer has 16 times
            as many units.
        depth: halvings; by default, until no side is over 8 pixels: 2 for 28 x 28.
        blocks: residual blocks after each halving.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int = _WIDTH,
        depth: int | None = None,
        blocks: int = _BLOCKS,
    ) -> None:
        super().__init__()
        before, rows, columns = image_shape
        depth = _halvings(rows, columns) if depth is None else depth
        layers: list[nn.Module] = []
        for index in range(depth):
            layers.append(nn.Conv2d(before, width << index, 3, stride=2, padding=1))
            before = width << index
            layers += [*(Residual(before) for _ in range(blocks)), nn.SiLU()]
        flat, hidden = before * halved(rows, depth) * halved(columns, depth), _HIDDEN * width
        layers += [nn.Flatten(), nn.Linear(flat, hidden), nn.SiLU(), nn.Linear(hidden, outputs)]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        """Squeeze."""
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """`(batch, latent_dim)` to logits `(batch, channels, height, width)`; width, depth and blocks as above.

    On the way up each size has half of the channels that it has on the way down: the work lies there.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        width: int = _WIDTH,
        depth: int | None = None,
        blocks: int = _BLOCKS,
    ) -> None:
        super().__init__()
        last, self.height, self.width = image_shape
        depth = _halvings(self.height, self.width) if depth is None else depth
        rows, columns, hidden = halved(self.height, depth), halved(self.width, depth), _HIDDEN * width
        channels = width << depth >> 1
        layers: list[nn.Module] = [
            nn.Linear(latent_dim, hidden),
            nn.SiLU(),
            nn.Linear(hidden, channels * rows * columns),
            nn.Unflatten(1, (channels, rows, columns)),
            *(Residual(channels) for _ in range(blocks)),
        ]
        for index in range(depth, 0, -1):
            after = max(1, width << index >> 3)
            layers += sub_pixel(channels, after)
            channels = after
            layers += [Residual(channels) for _ in range(blocks)]
        layers += [nn.SiLU(), nn.Conv2d(channels, last, 3, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        """Open up."""
        out: Tensor = self.layers(latent)
        return out[:, :, : self.height, : self.width]
