"""Convolutions only: the latent is a grid, and each of its positions describes one part of the image.

The grid's sides are those of the image, divided by the stride 2 ** depth, and it has `latent_dim` channels:
by default 4 x 7 x 7 = 196 numbers for an image of 28 x 28. The encoder is strided and the decoder sub-pixel,
as in `conv`, but without dense layers, so the number of weights does not depend on the size of the images,
and a model that was trained on crops (--crop) takes pictures of any size. No part of such a latent describes
the image as a
whole: details stay where they are, but latents drawn from N(0, I) decode to strokes that do not form an
    object. Latent diffusion models are trained on latents of this kind (Rombach et al., 'High-Resolution
    Image Synthesis with Latent Diffusion Models', https://arxiv.org/abs/2112.10752).

With `carry`, the first channels of the latent are the image itself, each block of stride x stride pixels in
one position, and the decoder adds a correction to them. Such a latent has more values than the image, so only
noise keeps the autoencoder from learning the identity. It learns to denoise in much less time than one that
has to draw the image anew. Working at half the resolution is from FFDNet, https://arxiv.org/abs/1710.04026,
and learning the correction from DnCNN, https://arxiv.org/abs/1608.03981 (both by Zhang et al.).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from diabolo.train.errors import OptionError
from diabolo.train.networks._halving import halved, sub_pixel
from diabolo.train.networks._residual import ACTIVATIONS, BLOCKS
from diabolo.train.settings import Settings, setting

__all__ = ["LATENT_DIM", "SUMMARY", "Decoder", "Encoder", "Options", "latent_shape", "stride"]

SUMMARY = "convolutions only; the latent is a grid; takes pictures of any size if trained with --crop"
LATENT_DIM = 4  # channels of the grid
_WIDTH = 32  # channels after the first halving; each further one doubles them
_DEPTH = 2  # halvings
_BLOCKS = 0  # residual blocks, on the grid


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """What the grid holds, and what its blocks are made of."""

    carry: bool = setting(
        False,
        "Let the first channels of the latent be the image itself, which the decoder corrects: for "
        "denoising, "
        "where it needs much less training. It takes channels x 4 ** depth of --latent-dim.",
    )
    activation: str = setting(
        "silu", "In the residual blocks; relu runs faster in onnxruntime.", choices=tuple(BLOCKS)
    )


def stride(depth: int = _DEPTH, **_options: object) -> int:
    """The pixels of one step of the grid; sides of images have to be multiples of it.

    Args:
        depth: halvings.
    """
    return int(2**depth)


def latent_shape(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    depth: int = _DEPTH,
    carry: bool = False,
    **_options: object,
) -> tuple[int, int, int]:
    """`(latent_dim, rows, columns)`: the image's sides, halved `depth` times, rounded up each time.

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: channels of the grid.
        depth: halvings.
        carry: whether the grid holds the image.

    Raises:
        OptionError: the grid has no channels besides those that hold the image, or its sides are no multiples
            of the stride.
    """
    channels, height, across = image_shape
    carried, step = channels * 4**depth, 2**depth
    if carry and latent_dim <= carried:
        raise OptionError(
            f"--carry puts the image into the latent, which takes {carried} channels at --depth {depth} (a "
            f"stride of {step}), and --latent-dim is {latent_dim}: the encoder needs some of its own. Give "
            f"at least --latent-dim {carried + 1}, or --no-carry."
        )
    if carry and (height % step or across % step):
        raise OptionError(
            f"--carry needs images whose sides are multiples of {step}, not {height} x {across}. "
            "Give a smaller --depth, or --no-carry."
        )
    return latent_dim, halved(height, depth), halved(across, depth)


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` in [0, 1] to `(batch, outputs, rows, columns)`.

    Args:
        image_shape: `(channels, height, width)`.
        outputs: channels of the result.
        width: channels after the first halving; each further one doubles them.
        depth: halvings; with 2, the grid's sides are a quarter of the image's.
        blocks: residual blocks after the last of them.
        carry: whether the first channels of the result are the image.
        activation: in the residual blocks: 'silu' or 'relu'.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int = _WIDTH,
        depth: int = _DEPTH,
        blocks: int = _BLOCKS,
        carry: bool = False,
        activation: str = "silu",
    ) -> None:
        super().__init__()
        before = image_shape[0]
        act = ACTIVATIONS[activation]
        layers: list[nn.Module] = []
        for index in range(depth):
            layers.append(nn.Conv2d(before, width << index, 3, stride=2, padding=1))
            before = width << index
            if index == depth - 1:
                layers += [BLOCKS[activation](before) for _ in range(blocks)]
            layers.append(act())
        if not depth and blocks:  # at the full resolution
            layers.append(nn.Conv2d(before, width, 3, padding=1))
            before = width
            layers += [*(BLOCKS[activation](before) for _ in range(blocks)), act()]
        self.step = 2**depth if carry else 0
        carried = image_shape[0] * self.step**2
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, outputs - carried, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            image: `(batch, channels, height, width)` in [0, 1].

        Returns:
            `(batch, outputs, rows, columns)`, unbounded; the head makes the latent of it.
        """
        out: Tensor = self.layers(image)
        return torch.cat([functional.pixel_unshuffle(image, self.step), out], 1) if self.step else out


class Decoder(nn.Module):
    """Latents `(batch, latent_dim, rows, columns)` to logits `(batch, channels, height, width)`.

    With `carry`, the result is not logits but pixel values, in about [0, 1].

    Args:
        image_shape: `(channels, height, width)`.
        latent_dim: channels of the latent.
        width: channels before the last doubling of the size; at each smaller size there are twice as many.
        depth: doublings of the size.
        blocks: residual blocks before the first of them.
        carry: whether the first channels of the latent are the image.
        activation: in the residual blocks: 'silu' or 'relu'.

    Attributes:
        linear: whether the result is pixel values.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        width: int = _WIDTH,
        depth: int = _DEPTH,
        blocks: int = _BLOCKS,
        carry: bool = False,
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.linear = carry
        last, height, across = image_shape
        step = 2**depth
        self.step = step if carry else 0
        # an image whose sides are no multiples of the stride is cut from one whose sides are
        self.cut = (height, across) if height % step or across % step else None
        after = [last, *(width << index for index in range(depth))]  # channels after so many halvings
        first = after[-1] if depth or not blocks else width
        layers: list[nn.Module] = [nn.Conv2d(latent_dim, first, 3, padding=1)]
        layers += [BLOCKS[activation](first) for _ in range(blocks)]
        for index in range(depth, 0, -1):
            layers += sub_pixel(after[index], after[index - 1], ACTIVATIONS[activation])
        if first != after[-1]:
            layers += [ACTIVATIONS[activation](), nn.Conv2d(first, last, 3, padding=1)]
        self.layers = nn.Sequential(*layers)
        self.channels = last

    def forward(self, latent: Tensor) -> Tensor:
        """Decode a batch.

        Args:
            latent: `(batch, latent_dim, rows, columns)`.

        Returns:
            Logits, or pixel values with `carry`: `(batch, channels, height, width)`.
        """
        out: Tensor = self.layers(latent)
        if self.step:
            carried = latent[:, : self.channels * self.step**2]
            out = out + functional.pixel_shuffle(carried, self.step)
        return out if self.cut is None else out[:, :, : self.cut[0], : self.cut[1]]
