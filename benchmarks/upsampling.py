"""What 8 bits gain in a decoder, by the way it enlarges: sub-pixel convolutions, transposed ones, or repeats.

    python -m benchmarks.upsampling [--width 32] [--batches 1 32] [--rounds 300]

prints a table of docs/benchmarks.md. Three decoders of the same channels, those of `--network conv`, with the
weights that a training begins with, since times do not depend on them:

- sub-pixel: a 3 x 3 convolution to four times the channels, then PixelShuffle, as in `conv`;
- transposed: a transposed convolution, 4 x 4, stride 2, as in most tutorials;
- repeated: each pixel four times, then a 3 x 3 convolution.

Each is exported in fp32 and in int8, and both decode the same latents by turns, on one thread.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import nn

from benchmarks._shared import tables
from benchmarks.runtime import race
from diabolo.export import export_pair
from diabolo.runtime import Autoencoder
from diabolo.train.networks import conv

SHAPES = ((1, 28, 28), (3, 32, 32))
LATENT = 32


def sub_pixel(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, 4 * after, 3, padding=1), nn.PixelShuffle(2)]


def transposed(before: int, after: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]


def repeated(before: int, after: int) -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1)]


WAYS = {"sub-pixel": sub_pixel, "transposed": transposed, "repeated": repeated}


class Decoder(conv.Decoder):
    """`conv`'s, enlarging in another way; its logits become brightnesses."""

    def __init__(self, image_shape: tuple[int, int, int], way: str, width: int) -> None:
        super().__init__(image_shape, LATENT, width)
        layers: list[nn.Module] = []
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                layers += WAYS[way](layer.in_channels, layer.out_channels // 4)
            elif not isinstance(layer, nn.PixelShuffle):
                layers.append(layer)
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(super().forward(latent))


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upsampling")
    parser.add_argument("--width", type=int, default=32, help="channels at the largest size")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--rounds", type=int, default=300, help="at most, for each batch size")
    given = parser.parse_args(words)
    columns = ("images", "enlarged", "batch", "fp32", "int8", "fp32 / int8", "MB fp32", "MB int8")
    tables.heading("Microseconds to decode, medians; MB of the decoder's file", columns)
    for shape in SHAPES:
        for way in WAYS:
            with TemporaryDirectory(prefix="diabolo-upsampling-") as scratch:
                compare(shape, way, Path(scratch), given)


def compare(shape: tuple[int, int, int], way: str, scratch: Path, given: argparse.Namespace) -> None:
    """Print the rows of one decoder."""
    torch.manual_seed(0)
    encoder, decoder = (
        conv.Encoder(shape, LATENT, given.width).eval(),
        Decoder(shape, way, given.width).eval(),
    )
    images = np.random.default_rng(0).random((200, *shape), np.float32)
    paths = [
        export_pair(
            encoder, decoder, images[:2], scratch / dtype, images=images, dtype=dtype, force=True, clip=True
        ).path
        for dtype in ("fp32", "int8")
    ]
    models = [Autoencoder.load(path, device="cpu") for path in paths]
    sizes = [f"{(path / 'decoder.onnx').stat().st_size / 1e6:.2f}" for path in paths]
    for batch in given.batches:
        latents = models[0].encode(images[:batch])
        calls = [functools.partial(model.decode, latents) for model in models]
        fp32, int8 = (float(np.median(times)) for times in race(calls, given.rounds))
        cells = (str(batch), f"{fp32:,.0f}", f"{int8:,.0f}", f"{fp32 / int8:.2f} x")
        tables.row(" x ".join(map(str, shape)), way, *cells, *sizes)


if __name__ == "__main__":
    main()
