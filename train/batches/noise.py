"""`diabolo.runtime.image.noise` in torch: the same kinds of noise, on the training device."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from diabolo.runtime._numbers import cores
from diabolo.runtime.image.noise import HIDDEN, NoiseSpec
from diabolo.runtime.image.noise._jpeg import check_jpeg, jpeg
from diabolo.train.step import Step

__all__ = ["add_noise", "hidden"]

_THREADS = 16  # for JPEG, at most
_PIECES = 4  # of a batch for each core


def add_noise(images: Tensor, spec: NoiseSpec, step: Step) -> Tensor:
    """Noisy copies of images; kinds and formulas as in `diabolo.runtime.image.noise`.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        spec: kinds and levels of the noise; from a range, one level is drawn per image.
        step: the source of all randomness.

    Returns:
        Images of the same shape, clipped to [0, 1] unless `spec.clip` is False.

    Raises:
        ImageError: the images are neither grey nor RGB, for jpeg.
    """
    noisy = images
    for one in spec.steps:
        noisy = _add(noisy, one, step)
    return noisy.clamp(0, 1) if spec.clip else noisy


def hidden(images: Tensor, spec: NoiseSpec, step: Step) -> Tensor:
    """The pixels in the patches that are left out: bool `(batch, 1, height, width)`.

    Args:
        images: `(batch, channels, height, width)`.
        spec: of the kind patches, without what follows it.
        step: the source of all randomness.
    """
    batch, _, height, width = images.shape
    rows, columns = -(-height // spec.side), -(-width // spec.side)
    count = (_draw(spec.low, spec.high, batch, step).view(batch, 1) * rows * columns).round()
    ranks = step.uniform(batch, rows * columns).argsort(1).argsort(1)
    patches = (ranks < count).view(batch, 1, rows, columns)
    across = patches.repeat_interleave(spec.side, 2).repeat_interleave(spec.side, 3)
    return across[:, :, :height, :width]


def _add(images: Tensor, spec: NoiseSpec, step: Step) -> Tensor:
    """Images with noise of a single kind, not clipped."""
    level = _draw(spec.low, spec.high, len(images), step)
    if spec.kind == "jpeg":
        compressed: Tensor = _jpeg(images, level)
        return compressed
    if spec.kind == "patches":
        return torch.where(hidden(images, spec, step), HIDDEN, images)
    if spec.kind == "poisson-gaussian":
        read = _draw(*spec.read, len(images), step)
        deviation = (level * images.clamp(min=0) + read.square()).sqrt()
        return images + deviation * step.normal(*images.shape)
    if spec.kind in ("gaussian", "speckle"):
        normal = step.normal(*images.shape)
        return images + (level * images if spec.kind == "speckle" else level) * normal
    uniform = step.uniform(len(images), 1, *images.shape[2:])
    noisy = torch.where(uniform < level, torch.zeros_like(images), images)
    if spec.kind == "salt-pepper":
        noisy = torch.where((uniform >= level / 2) & (uniform < level), torch.ones_like(images), noisy)
    return noisy


def _draw(low: float, high: float, count: int, step: Step) -> Tensor:
    """A level for each image, `(count, 1, 1, 1)`."""
    return low + (high - low) * step.uniform(count, 1, 1, 1)


@torch.compiler.disable  # type: ignore[untyped-decorator] # files cannot be compiled
def _jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Images through JPEG files: on the CPU, in threads, of which Pillow makes good use.

    One core writes and reads some 4,000 grey or 3,000 RGB images of 64 x 64 a second.
    """
    check_jpeg(tuple(images.shape))
    values = images.detach().float().cpu().numpy()
    qualities = quality.round().flatten().int().tolist()
    size = max(1, -(-len(values) // (_PIECES * cores())))
    starts = range(0, len(values), size)
    pieces = _threads().map(
        jpeg, [values[i : i + size] for i in starts], [qualities[i : i + size] for i in starts]
    )
    read = np.concatenate([*pieces, values[:0]])
    return torch.from_numpy(read).to(images.device, images.dtype)


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(_THREADS, cores()), thread_name_prefix="jpeg")
