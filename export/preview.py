"""preview.png: what the model makes of codes, and of what lies between and beside them."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime import pictures
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.images import to_pil
from diabolo.runtime.interpolation import interpolate, linear

__all__ = ["preview"]

_ACROSS = 10
_ROWS = 2  # of reconstructions
_LONGEST = 700  # pixels of the picture, about
_GAP = 1  # pixel of the model's between images


def preview(model: Autoencoder, codes: NDArray[np.float32], seed: int = 0) -> bytes | None:
    """A PNG: two rows of reconstructions, a row from one to another, a row of samples.

    They are decoded from codes, so no image of a data set is in the picture. None where the images are
    neither grey nor colour.

    Args:
        model: the finished pair.
        codes: of some images, `(n, *latent_shape)`.
        seed: of the samples, and of which codes are taken.
    """
    if model.manifest.image_shape[0] not in (1, 3):
        return None
    chosen = np.random.default_rng(seed).permutation(len(codes))[: _ROWS * _ACROSS]
    some = codes[np.resize(chosen, _ROWS * _ACROSS)]
    apart = np.square(some - some[0]).reshape(len(some), -1).sum(1)
    between = interpolate(some[0], some[apart.argmax()], _ACROSS, linear)
    latents = np.concatenate([some, between, model.sample_latents(_ACROSS, seed=seed)])
    drawn = to_pil(model.decode(latents))
    scale = pictures.enlargement((_ACROSS * drawn[0].width, 1), _LONGEST)
    buffer = io.BytesIO()
    pictures.tiled(drawn, _ACROSS, scale, _GAP).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
