"""The receptive field of a model of any size: how far the pixels are that one pixel of a result depends on.

It is found from gradients in float64, which are zero exactly where there is no dependence. Two narrow images
are enough, one for each direction. With the model's own weights a ReLU may hide a path at one place and not
at another, so a copy with positive weights, where none is hidden, is asked as well.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from diabolo.train.model import Model

__all__ = ["receptive_radius"]

_NARROW = 16  # pixels: the short side of an image, at least
_FIRST, _LONGEST = 128, 2048  # pixels: the long side that is tried first, and last


@torch.enable_grad()
def receptive_radius(encoder: nn.Module, decoder: nn.Module, channels: int, multiple: int) -> int | None:
    """How far the input pixels are, in rows or in columns, that a pixel of a reconstruction depends on.

    Args:
        encoder: images `(batch, channels, height, width)` to latents, or to a tuple that starts with them.
        decoder: latents to images.
        channels: of the images.
        multiple: of which the sides of images are.

    Returns:
        Pixels; None if a pixel depends on the whole image, or on more than 1,024 pixels in some direction.
    """
    pairs = [(encoder, decoder), _positive(encoder, decoder)]
    long = -(-_FIRST // multiple) * multiple
    while long <= _LONGEST:
        reach = max(_reach(*pair, channels, multiple, long, axis) for pair in pairs for axis in (2, 3))
        if reach < long // 2 - multiple:
            return reach
        long *= 2
    return None


def _positive(encoder: nn.Module, decoder: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Copies in float64 in which every path from an input to an output has a positive gradient."""
    both = copy.deepcopy(nn.ModuleList([encoder, decoder])).double()
    generator = torch.Generator().manual_seed(0)
    for weight in both.parameters():
        inputs = max(1, weight[0].numel()) if weight.ndim > 1 else 1
        drawn = torch.rand(weight.shape, generator=generator, dtype=torch.float64)
        weight.data = (drawn + 0.5) / inputs if weight.ndim > 1 else drawn * 1e-3
    return both[0], both[1]


def _reach(encoder: nn.Module, decoder: nn.Module, channels: int, multiple: int, long: int, axis: int) -> int:
    """The largest distance along an axis, in an image that is `long` in it and narrow in the other."""
    narrow = -(-_NARROW // multiple) * multiple
    shape = (1, channels, long, narrow) if axis == 2 else (1, channels, narrow, long)
    both = copy.deepcopy(nn.ModuleList([encoder, decoder])).double()
    for module in both.modules():
        if isinstance(module, Model):  # in training, a result outside [0, 1] has a gradient, too
            module.training = True
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_()
    out = _reconstructed(both, image)
    middle = long // 2 // multiple * multiple
    reach = 0
    for place in range(middle, middle + multiple):  # each sees a little farther to one side or the other
        row = out.select(axis, place).sum()
        (gradient,) = torch.autograd.grad(row, image, retain_graph=True)
        other = tuple(n for n in range(4) if n != axis)
        found = (
            (gradient != 0)
            .any(other[0], keepdim=True)
            .any(other[1], keepdim=True)
            .any(other[2], keepdim=True)
        )
        hit = found.flatten().nonzero().flatten()
        if len(hit):
            reach = max(reach, place - int(hit.min()), int(hit.max()) - place)
    return reach


def _reconstructed(both: nn.ModuleList, image: Tensor) -> Tensor:
    latent = both[0](image)
    out: Tensor = both[1](latent[0] if isinstance(latent, tuple) else latent)
    return out
