"""preview.png: what the model makes of codes, and of what lies between and beside them."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.images import to_pil

__all__ = ["preview"]

_ACROSS = 10
_ROWS = 2  # of reconstructions
_SIDE = 64  # pixels that a small image is enlarged to, about
_GAP = 4  # pixels between images


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
    rng = np.random.default_rng(seed)
    some = codes[rng.choice(len(codes), min(len(codes), _ROWS * _ACROSS), replace=False)]
    some = np.resize(some, (_ROWS * _ACROSS, *codes.shape[1:]))
    t = np.linspace(0, 1, _ACROSS, dtype=np.float32).reshape(-1, *[1] * (codes.ndim - 1))
    between = (1 - t) * some[0] + t * some[-1]
    latents = np.concatenate([some, between, model.sample_latents(_ACROSS, seed=seed)])
    return _sheet(to_pil(model.decode(latents)))


def _sheet(pictures: list[Image.Image]) -> bytes:
    first = pictures[0]
    scale = max(1, round(_SIDE / max(first.size)))
    width, height = first.width * scale, first.height * scale
    rows = len(pictures) // _ACROSS
    size = _GAP + _ACROSS * (width + _GAP), _GAP + rows * (height + _GAP)
    sheet = Image.new("RGB", size, (128, 128, 128))
    for index, picture in enumerate(pictures):
        row, column = divmod(index, _ACROSS)
        large = picture.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(large, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
