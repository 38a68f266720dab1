"""`diabolo.runtime.image.noise` in torch: the same kinds of noise, on the training device."""

from __future__ import annotations

import torch
from torch import Tensor

from diabolo.runtime.image.noise import NoiseSpec
from diabolo.train.step import Step

__all__ = ["add_noise"]


def add_noise(images: Tensor, spec: NoiseSpec, step: Step) -> Tensor:
    """Noisy copies of images; kinds and formulas as in `diabolo.runtime.image.noise`.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        spec: kind and level of the noise; from a range, one level is drawn per image.
        step: the source of all randomness.

    Returns:
        Images of the same shape, clipped to [0, 1].
    """
    level = spec.low + (spec.high - spec.low) * step.uniform(len(images), 1, 1, 1)
    if spec.kind in ("gaussian", "speckle"):
        normal = step.normal(*images.shape)
        strength = level * images if spec.kind == "speckle" else level
        return (images + strength * normal).clamp(0, 1)
    uniform = step.uniform(len(images), 1, *images.shape[2:])
    noisy = torch.where(uniform < level, torch.zeros_like(images), images)
    if spec.kind == "salt-pepper":
        noisy = torch.where((uniform >= level / 2) & (uniform < level), torch.ones_like(images), noisy)
    return noisy
