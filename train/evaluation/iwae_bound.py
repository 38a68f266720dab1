"""The IWAE bound: how likely the test images are under a model, by importance sampling, in nats.

Burda, Grosse and Salakhutdinov, 'Importance Weighted Autoencoders', https://arxiv.org/abs/1509.00519:
log p(x) >= E log 1/K sum_k p(x, z_k) / q(z_k | x), which gets tighter with every further sample.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from diabolo.runtime._old_names import old_names
from diabolo.train.datasets import Split
from diabolo.train.datasets._base import Progress
from diabolo.train.errors import OptionError
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase

__all__ = ["iwae_bound"]

__getattr__ = old_names(__name__, {"bound": "iwae_bound"})

_SEED = 20081
_DECODED = 2**9  # latents decoded at a time, so that activations stay in the processor's cache
_IMAGES = 64  # at a time


@torch.inference_mode()
def iwae_bound(
    variant: VariantBase,
    model: Model,
    test: Split,
    samples: int,
    *,
    images: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The bound on -log p(x), in nats per image; lower is better.

    Args:
        variant: has the likelihood.
        model: is put into eval mode.
        test: the test images.
        samples: K, importance samples per image.
        images: how many of the images, from the first; None: all.
        progress: called after every batch.

    Returns:
        By name: `nats`, the mean over images; `nats_error`, its standard error; `importance_samples` and
        `nats_images`.

    Raises:
        OptionError: the variant has no likelihood.
    """
    model.eval().to(memory_format=torch.channels_last)
    device = model.offset.device
    count = min(images or len(test), len(test))
    values = []
    for number, start in enumerate(range(0, count, _IMAGES)):
        batch = test.images[start : min(start + _IMAGES, count)]
        image = torch.from_numpy(batch).to(device).float() / 255
        values.append(_log_likelihood(variant, model, image, samples, number))
        if progress:
            progress("importance samples", min(start + _IMAGES, count), count)
    nats = -torch.cat(values).double()
    error = float(nats.std()) / math.sqrt(count) if count > 1 else math.nan
    return {
        "nats": float(nats.mean()),
        "nats_error": error,
        "importance_samples": samples,
        "nats_images": count,
    }


def _log_likelihood(variant: VariantBase, model: Model, image: Tensor, samples: int, number: int) -> Tensor:
    """log 1/K sum_k p(x, z_k) / q(z_k | x) of each image: `(batch,)`, in nats."""
    pixels = variant.pixels(image, Step(_SEED, number, image.device, training=False))
    most = max(1, _DECODED // len(image))
    total = torch.full((len(image),), -math.inf, device=image.device)
    for piece, done in enumerate(range(0, samples, most)):
        step = Step(_SEED + 1 + piece, number, image.device, training=False)
        weights = variant.log_weights(model, pixels, step, min(most, samples - done))
        if weights is None:
            raise OptionError("this variant has no likelihood to bound. Leave --importance-samples out.")
        total = torch.logaddexp(total, weights.logsumexp(1))
    return total - math.log(samples)
