"""Strided convolutions in the encoder, sub-pixel convolutions in the decoder, no batch normalisation.

A sub-pixel convolution (a convolution, then PixelShuffle; Shi et al., https://arxiv.org/abs/1609.05158)
up-samples without the checkerboard artefacts of a transposed convolution, and loses little when it is
quantised. If the halvings do not divide the image's size, it is padded on the way down, and the output is
cropped.
"""

from __future__ import annotations

from torch import Tensor, nn

from diabolo.train.networks._halving import halved, sub_pixel
from diabolo.train.networks._residual import Residual

__all__ = ["SUMMARY", "Decoder", "Encoder"]

SUMMARY = "strided convolutions down, sub-pixel convolutions up"
_WIDTH = 32  # channels after the first halving; each further one doubles them
_DEPTH = 2  # halvings
_BLOCKS = 0  # residual blocks, at the smallest size


def _channels(width: int, depth: int) -> list[int]:
    return [width << index for index in range(depth)]


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` in [0, 1] to `(batch, outputs)`.

    Args:
        image_shape: `(channels, height, width)`.
        outputs: numbers per image.
        width: channels after the first halving; each further one doubles them.
        depth: halvings.
        blocks: residual blocks after the last of them.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int = _WIDTH,
        depth: int = _DEPTH,
        blocks: int = _BLOCKS,
    ) -> None:
        super().__init__()
        before, rows, columns = image_shape
        layers: list[nn.Module] = []
        for index, channels in enumerate(_channels(width, depth)):
            layers.append(nn.Conv2d(before, channels, 3, stride=2, padding=1))
            if index == depth - 1:
                layers += [Residual(channels) for _ in range(blocks)]
            layers.append(nn.SiLU())
            before = channels
        flat = before * halved(rows, depth) * halved(columns, depth)
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, outputs))

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

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: numbers per latent.
        width: channels before the last doubling of the size; at each smaller size there are twice as many.
        depth: doublings of the size.
        blocks: residual blocks before the first of them.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        width: int = _WIDTH,
        depth: int = _DEPTH,
        blocks: int = _BLOCKS,
    ) -> None:
        super().__init__()
        last, self.height, self.width = image_shape
        after = [last, *_channels(width, depth)]  # channels after so many halvings
        rows, columns = halved(self.height, depth), halved(self.width, depth)
        layers: list[nn.Module] = [
            nn.Linear(latent_dim, after[-1] * rows * columns),
            nn.Unflatten(1, (after[-1], rows, columns)),
        ]
        layers += [Residual(after[-1]) for _ in range(blocks)]
        for index in range(depth, 0, -1):
            layers += sub_pixel(after[index], after[index - 1])
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
