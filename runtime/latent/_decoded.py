"""Decoded codes of test images: what a model's pictures are like, as far as its bundle tells."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from diabolo.runtime.autoencoder import Autoencoder

__all__ = ["decoded_codes"]

_VALUES = 2**24  # numbers in the decoded images, at most
_AT_ONCE = 50  # codes in a call: a model that runs elsewhere has only so much time for one


def decoded_codes(
    model: Autoencoder, least: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
    """Decode stored codes of test images, spread over all of them.

    Args:
        model: the model.
        least: the codes that are needed.
        most: the codes that suffice.

    Returns:
        The rows of the codes, `(n,)`, and their images, float32 `(n, channels, height, width)`. None if there
        are fewer than `least`, or if so many images are too large.

    Raises:
        GraphError: onnxruntime cannot compute the decoder.
        IntegrityError, ManifestError: as `LatentSpace.codes` raises them.
    """
    if (codes := model.codes) is None:
        return None
    count = min(most, len(codes.latents), _VALUES // prod(model.manifest.image_shape))
    if count < least:
        return None
    rows = np.linspace(0, len(codes.latents) - 1, count).astype(np.int64)
    pieces = [rows[start : start + _AT_ONCE] for start in range(0, count, _AT_ONCE)]
    return rows, np.concatenate([model.decode(codes.latents[piece]) for piece in pieces])
