"""Holes in a trained model's latent space; `diabolo.runtime.latent.holes` describes the measure."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.runtime.latent.holes import REFERENCES, TESTED, measure_holes
from diabolo.train.datasets import ImageData, Images, rows_of, spread
from diabolo.train.evaluation.evaluate import encode_all
from diabolo.train.model import Model

__all__ = ["holes"]

_BATCH = 256  # latents
_MOST = 1024  # dimensions: with more, fitting a gaussian takes too long, and pixels do not show holes


def holes(model: Model, data: ImageData) -> dict[str, Any]:
    """Measure the share of sampled latents that lie far from all codes and decode to nothing like the data.

    Latents are drawn from the distribution that the model's head declares.

    Args:
        model: is put into eval mode.
        data: the dataset that it was trained on.

    Returns:
        `holes`, in [0, 1]; about 0.05 for a latent space without holes. Empty if there are too many
        dimensions or too few images, or if pixels do not show holes.
    """
    if prod(model.latent_shape) > _MOST:
        return {}
    model.eval()

    @torch.inference_mode()
    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        pieces = (latents[start : start + _BATCH] for start in range(0, len(latents), _BATCH))
        device = model.offset.device
        return np.concatenate(
            [model.decode(torch.from_numpy(piece).to(device)).float().cpu().numpy() for piece in pieces]
        )

    learned = encode_all(model, _some(data.train.images, REFERENCES))
    tested = encode_all(model, _some(data.test.images, TESTED))
    share = measure_holes(decode, learned, tested, distribution=model.head.distribution(learned)).share
    return {} if share is None else {"holes": share}


def _some(images: Images, most: int) -> Images:
    return rows_of(images, spread(len(images), most))
