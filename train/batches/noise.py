"""The torch twin of `diabolo.runtime.image.noise`: the same kinds, on the training device."""

from __future__ import annotations

import torch
from torch import Tensor

from diabolo.runtime.image.noise import NoiseSpec
from diabolo.train.step import Step

__all__ = ["add_noise"]


def add_noise(images: Tensor, spec: NoiseSpec, step: Step) -> Tensor:
    """Noisy copies of `images` `(batch, channels, height, width)` in [0, 1], clipped to [0, 1].

    A range of levels draws one level per image. Kinds and formulas as in `runtime.noise`.
    """
    level = spec.low + (spec.high - spec.low) * step.uniform(len(images), 1, 1, 1)
    if spec.kind in ("gaussian", "speckle"):
        normal = step.normal(*images.shape)
        strength = level * images if spec.kind == "speckle" else level
        return (images + strength * normal).clamp(0, 1)
    chance = step.uniform(len(images), 1, *images.shape[2:])
    noisy = torch.where(chance < level, torch.zeros_like(images), images)
    if spec.kind == "salt-pepper":
        noisy = torch.where((chance >= level / 2) & (chance < level), torch.ones_like(images), noisy)
    return noisy
