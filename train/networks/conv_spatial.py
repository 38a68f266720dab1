"""Convolutions only: the latent is a grid, and each of its positions describes one part of the image.

The grid's sides are a quarter of the image's, and it has `latent_dim` channels: by default 4 x 7 x 7 = 196
numbers for an image of 28 x 28. The encoder is strided and the decoder sub-pixel, as in `conv`, but without
dense layers, so the number of weights does not depend on the size of the images. No part of such a latent
describes the image as a whole: details stay where they are, but latents drawn from N(0, I) decode to strokes
that do not form an object. Latent diffusion models are trained on latents of this kind (Rombach et al.,
'High-Resolution Image Synthesis with Latent Diffusion Models', https://arxiv.org/abs/2112.10752).
"""

from __future__ import annotations

from torch import Tensor, nn

from diabolo.train.networks._halving import halved, sub_pixel
from diabolo.train.networks._residual import Residual

__all__ = ["LATENT_DIM", "SUMMARY", "Decoder", "Encoder", "latent_shape"]

SUMMARY = "convolutions only; the latent is a grid with a quarter of the image's sides"
LATENT_DIM = 4  # channels of the grid
_WIDTH = 32  # channels after the first halving; each further one doubles them
_DEPTH = 2  # halvings
_BLOCKS = 0  # residual blocks, on the grid


def latent_shape(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    depth: int = _DEPTH,
    **_options: int,
) -> tuple[int, int, int]:
    """`(latent_dim, rows, columns)`: the image's sides, halved `depth` times, rounded up each time.

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: channels of the grid.
        depth: halvings.
    """
    _, height, across = image_shape
    return latent_dim, halved(height, depth), halved(across, depth)


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` in [0, 1] to `(batch, outputs, rows, columns)`.

    Args:
        image_shape: `(channels, height, width)`.
        outputs: channels of the result.
        width: channels after the first halving; each further one doubles them.
        depth: halvings; with 2, the grid's sides are a quarter of the image's.
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
        before = image_shape[0]
        layers: list[nn.Module] = []
        for index in range(depth):
            layers.append(nn.Conv2d(before, width << index, 3, stride=2, padding=1))
            before = width << index
            if index == depth - 1:
                layers += [Residual(before) for _ in range(blocks)]
            layers.append(nn.SiLU())
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, outputs, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            image: `(batch, channels, height, width)` in [0, 1].

        Returns:
            `(batch, outputs, rows, columns)`, unbounded; the head makes the latent of it.
        """
        out: Tensor = self.layers(image)
        return out


class Decoder(nn.Module):
    """Latents `(batch, latent_dim, rows, columns)` to logits `(batch, channels, height, width)`.

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: channels of the latent.
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
        after = [last, *(width << index for index in range(depth))]  # channels after so many halvings
        layers: list[nn.Module] = [nn.Conv2d(latent_dim, after[-1], 3, padding=1)]
        layers += [Residual(after[-1]) for _ in range(blocks)]
        for index in range(depth, 0, -1):
            layers += sub_pixel(after[index], after[index - 1])
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        """Decode a batch.

        Args:
            latent: `(batch, latent_dim, rows, columns)`.

        Returns:
            Logits `(batch, channels, height, width)`.
        """
        out: Tensor = self.layers(latent)
        return out[:, :, : self.height, : self.width]
