"""Convolutions next to the image, dense layers next to the latent.

The convolutions see the same local patterns everywhere; a dense layer between them and the latent sees the
image as a whole, which helps a latent that must say which digit it is, and how slanted. The decoder ends with
a convolution at full size, so that neighbouring pixels agree. Up-sampling is sub-pixel, as in `conv`; sizes
that the halvings do not divide are padded and cropped.
"""

from __future__ import annotations

from torch import Tensor, nn

from diabolo.train.networks._halving import halved, sub_pixel
from diabolo.train.networks._residual import Residual

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "convolutions next to the image, dense layers next to the latent"
_WIDTH = 32  # channels after the first halving; each further one doubles them
_LARGEST = 8  # pixels per side of the smallest grid, unless the number of halvings is given
_HIDDEN = 16  # units of the dense layer per unit of width
_BLOCKS = 0  # residual blocks, at each size


def _halvings(rows: int, columns: int) -> int:
    """As many as make the grid small: the dense layer has a weight for each of its values."""
    depth = 1
    while halved(max(rows, columns), depth) > _LARGEST:
        depth += 1
    return depth


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`.

    Args:
        image_shape: `(channels, height, width)`.
        outputs: numbers per image.
        width: channels after the first halving; each further one doubles them. The dense layer has 16 times
            as many units.
        depth: halvings; by default, until neither side is longer than 8 pixels: 2 for 28 x 28.
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

    Each size has half as many channels as in the encoder, since most of the computation is here.

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: numbers per latent.
        width: channels as in the encoder, of which the decoder has half. The dense layer has 16 times as many
            units.
        depth: doublings of the size; by default as many as the encoder's halvings.
        blocks: residual blocks at each size.
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
        """Decode a batch.

        Args:
            latent: `(batch, latent_dim)`.

        Returns:
            Logits `(batch, channels, height, width)`.
        """
        out: Tensor = self.layers(latent)
        return out[:, :, : self.height, : self.width]
