"""The denoising autoencoder: the input is noisy, the target clean, so the identity is not a solution.

Vincent et al., 'Extracting and Composing Robust Features with Denoising Autoencoders', ICML 2008,
https://doi.org/10.1145/1390156.1390294.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diabolo.runtime.image.noise import NoiseSpec
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
        "KIND:LEVEL or KIND:LOW-HIGH; kinds: gaussian, salt-pepper, masking, speckle",
        form="KIND:LEVEL or KIND:LOW-HIGH, such as gaussian:0.5",
        check=NoiseSpec.parse,
    )


class Variant(VariantBase):
    """Minimises the error between the clean image and the reconstruction of its noisy copy."""

    summary = "noise is added to the input, anew for every batch; the clean image is the target"
    default_latent_dim = 64
    takes_noisy = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.noise: NoiseSpec = NoiseSpec.parse(options.noise)

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The MSE between a batch and the reconstruction of its noisy copy.

        Images are `(batch, channels, height, width)` in [0, 1]; the noise is drawn anew at every step, unless
        noisy copies are given.
        """
        if step.noisy is not None:
            return Loss(mean_squared_error(image, model(step.noisy)))
        return Loss(mean_squared_error(image, model(add_noise(image, self.noise, step))))
