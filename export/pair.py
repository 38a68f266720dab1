"""The two torch modules that become graphs; `export/external` makes a pair of other people's."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.export.any_size.receptive import receptive_radius
from diabolo.export.errors import ExportError
from diabolo.runtime._old_names import old_keywords, old_names
from diabolo.runtime.bundle.manifest import AnySize
from diabolo.train.datasets import Images
from diabolo.train.model import Model

__all__ = ["Pair", "check_values", "of_model"]

_MOST_VALUES = 500_000  # of a latent; 60 MB of model.json, of which 64 are allowed


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """An encoder and a decoder with the inputs and outputs of the two graphs, in eval mode, on the CPU, in
    fp32.

    Attributes:
        encoder: images `(batch, *image_shape)` in [0, 1] to latents `(batch, *latent_shape)`, or to
            `(latent, log_variance)`, both of that shape.
        decoder: latents `(batch, *latent_shape)` to images `(batch, *image_shape)` in [0, 1].
        image_shape: `(channels, height, width)`.
        latent_shape: without the batch; `(latent_dim,)` or `(channels, height, width)`.
        log_variance: whether the encoder returns two outputs.
        at_once: the images that are encoded at a time.
        any_size: what a model that takes images of any size needs to know; None: it takes `image_shape` only.

    Raises:
        ExportError: the latent of a model of one size has too many values for model.json.
    """

    encoder: nn.Module
    decoder: nn.Module
    image_shape: tuple[int, int, int]
    latent_shape: tuple[int, ...]
    log_variance: bool
    at_once: int = 32
    any_size: AnySize | None = None

    def __post_init__(self) -> None:
        if self.any_size is None:
            check_values(self.latent_shape)

    def encode(self, image: Tensor) -> list[Tensor]:
        """Encode images `(batch, *image_shape)` in [0, 1].

        Returns:
            The latent, and the log-variance if the encoder returns it: each `(batch, *latent_shape)`.
        """
        out = self.encoder(image)
        return list(out) if self.log_variance else [out]

    def latents(self, images: NDArray[Any] | Images) -> NDArray[np.float32]:
        """Encode any number of images, in batches; a VAE's latents are the posterior means.

        Args:
            images: `(n, *image_shape)`, uint8, or float32 in [0, 1].

        Returns:
            float32 `(n, *latent_shape)`.
        """
        return self.codes(images, np.random.default_rng(0))[0]

    @old_keywords(chance="rng")
    @torch.inference_mode()
    def codes(
        self, images: NDArray[Any] | Images, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode any number of images, in batches, and draw from the posterior.

        Args:
            images: `(n, *image_shape)`, uint8, or float32 in [0, 1].
            rng: for the draws.

        Returns:
            The latents (a VAE's are the posterior means), and one draw for each image from the Gaussian
            posterior: float32 `(n, *latent_shape)` each. Without a log-variance both are the same.
        """
        means, drawn = [], []
        for start in range(0, len(images), self.at_once):
            batch = images[start : start + self.at_once]
            floats = batch.astype(np.float32) / np.float32(255) if batch.dtype == np.uint8 else batch
            mean, *rest = (v.numpy() for v in self.encode(torch.from_numpy(floats)))
            means.append(mean)
            noise = rng.standard_normal(mean.shape, np.float32)
            drawn.append(mean + np.exp(rest[0] / 2) * noise if rest else mean)
        return np.concatenate(means), np.concatenate(drawn)


def check_values(latent_shape: tuple[int, ...]) -> None:
    """Check that model.json can hold the statistics of a latent, four numbers for each of its values.

    Raises:
        ExportError: the latent has more than 500,000 values.
    """
    if (values := prod(latent_shape)) > _MOST_VALUES:
        shape = " x ".join(map(str, latent_shape))
        raise ExportError(
            f"a latent of {shape} has {values:,} values, and a model of one size may have {_MOST_VALUES:,}, "
            "since "
            "model.json has statistics of each. Export it for any size (any_size=True, or train with "
            "--crop), "
            "which needs them by channel only, or for smaller images. Nothing was written."
        )


class _Encode(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        code = self.model.encode(image)
        return code.latent if code.log_variance is None else (code.latent, code.log_variance)


class _Decode(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> Tensor:
        return self.model.decode(latent)


def of_model(model: Model) -> Pair:
    """The pair of a trained `Model`."""
    encoder, decoder = _Encode(model).eval(), _Decode(model).eval()
    any_size = None
    if model.multiple:
        any_size = AnySize(
            multiple=model.multiple,
            receptive_radius=receptive_radius(encoder, decoder, model.image_shape[0], model.multiple),
            latent_stride=model.image_shape[1] // model.latent_shape[1],
        )
    return Pair(
        encoder=encoder,
        decoder=decoder,
        any_size=any_size,
        image_shape=model.image_shape,
        latent_shape=model.latent_shape,
        log_variance=_has_log_variance(model),
    )


@torch.inference_mode()
def _has_log_variance(model: Model) -> bool:
    """Whether the model's head returns a log-variance in eval mode, found with a black image."""
    return model.encode(model.offset.new_zeros(1, *model.image_shape)).log_variance is not None


__getattr__ = old_names(  # it needs the modules that try other people's parts
    __name__,
    {
        old: f"diabolo.export.external.adapt:{new}"
        for old, new in {"adapt": "adapt", "adapted": "adapt", "Part": "Part"}.items()
    },
)
