"""The masked autoencoder: patches of the image are left out, and the whole image is the target.

He et al., 'Masked Autoencoders Are Scalable Vision Learners', https://arxiv.org/abs/2111.06377. Their
transformer drops the patches from its input. A convolutional network needs every pixel, so here the patches
are filled with mid-grey. A fourth channel that says where they are would be clearer to the network, but an
exported encoder takes an image and nothing else: whoever restores a damaged picture paints the damage grey.
The grey is a constant, since a mean of the image would tell something of the hidden pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diabolo.runtime.errors import NoiseError
from diabolo.runtime.image.noise import HIDDEN, NoiseSpec
from diabolo.train.batches.noise import hidden
from diabolo.train.model import Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant"]


def _check_share(text: str) -> NoiseSpec:
    spec = NoiseSpec.parse(f"patches:{text}/1")
    if "/" in text or spec.then:
        raise NoiseError(f"{text!r} is not a share: give one from 0 to 1, or a range such as 0-0.75.")
    return spec


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """What is left out, and what is learned of the rest."""

    mask_share: str = setting(
        "0-0.75",
        "Share of the patches that are left out, or a range that it is drawn from for each image. From 0 on, "
        "the model also sees whole images, and reconstructs those as well.",
        form="a share from 0 to 1 or a range of shares, such as 0.5 or 0-0.75",
        check=_check_share,
    )
    patch_size: int = setting(
        4,
        "Side of a patch. Larger ones are harder: what is missing cannot be guessed from its edges.",
        low=1,
        high=256,
        unit="pixels",
    )
    visible_weight: float = setting(
        0.1,
        "How much the error of a visible pixel counts, where that of a hidden one counts 1; with 0, as in "
        "the paper, nothing makes the model reproduce what it sees.",
        low=0,
        high=1,
    )


class Variant(VariantBase):
    """Minimises the error of the whole image's reconstruction from its visible patches."""

    summary = "patches are left out of the input, anew for every batch; the whole image is the target"
    default_network = "conv"
    default_latent_dim = 128

    def __init__(self, options: Options) -> None:
        self.options = options
        self.noise: NoiseSpec = NoiseSpec.parse(f"patches:{options.mask_share}/{options.patch_size}")

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The weighted mean squared error of a batch `(batch, channels, height, width)` in [0, 1].

        sum w (x - y)^2 / sum w over the values of the whole batch, with w = 1 where a pixel is hidden, and
        `visible_weight` elsewhere. 0 if that is 0 and nothing is hidden.
        """
        mask = hidden(image, self.noise, step)
        squared = (image - model(torch.where(mask, HIDDEN, image))).float().square()
        weight = torch.where(mask, 1.0, self.options.visible_weight).expand_as(squared)
        # processes that share the batch divide by the weight of all of it
        whole = step.mean(weight.flatten(1).mean(1))
        objective = (weight * squared).flatten(1).mean(1).mean() / whole.clamp(min=1e-9)
        return Loss(objective)
