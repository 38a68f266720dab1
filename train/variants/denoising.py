"""The denoising autoencoder: the input is noisy, the target clean, so the identity is not a solution.

Vincent et al., 'Extracting and Composing Robust Features with Denoising Autoencoders', ICML 2008,
https://doi.org/10.1145/1390156.1390294.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diabolo.runtime.image.noise import KINDS, NoiseSpec
from diabolo.train.batches.noise import add_noise
from diabolo.train.losses import mean_squared_error
from diabolo.train.model import Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """The noise that the model learns to remove."""

    noise: str = setting(
        "gaussian:0.5",
        f"KIND:LEVEL or KIND:LOW-HIGH; kinds: {', '.join(KINDS)}. Kinds joined by + are applied in order. "
        "For photographs: poisson-gaussian:0-0.02/0-0.05+jpeg:40-90, which is GAIN/READ, then the quality.",
        form="KIND:LEVEL or KIND:LOW-HIGH, such as gaussian:0.5",
        check=NoiseSpec.parse,
    )
    clip: bool = setting(
        True,
        "Clip noisy images to [0, 1], as files are. With --no-clip, half of the images, drawn anew for every "
        "batch, stay unclipped, so that the model learns both; it is tested on unclipped noise, as in the "
        "literature.",
    )


class Variant(VariantBase):
    """Minimises the error between the clean image and the reconstruction of its noisy copy."""

    summary = "noise is added to the input, anew for every batch; the clean image is the target"
    default_latent_dim = 64
    takes_noisy = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.noise: NoiseSpec = NoiseSpec.parse(options.noise, clip=options.clip)

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The MSE between a batch and the reconstruction of its noisy copy.

        Images are `(batch, channels, height, width)` in [0, 1]; the noise is drawn anew at every step, unless
        noisy copies are given.
        """
        return Loss(mean_squared_error(image, model(self._noisy(image, step))))

    def _noisy(self, image: Tensor, step: Step) -> Tensor:
        """The given noisy copy of a batch, or one with noise, of which half is clipped if it is unclipped."""
        if step.noisy is not None:
            return step.noisy
        noisy = add_noise(image, self.noise, step)
        if self.noise.clip:
            return noisy
        return torch.where(step.uniform(len(image), 1, 1, 1) < 0.5, noisy.clamp(0, 1), noisy)
