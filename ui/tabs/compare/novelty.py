"""Whether an image looks like what a model learned: near to one of the decoded codes of training images.

Those stand for the data since they are as sharp as the decoder can be. Too far is what is farther than 99 of
100 decoded codes of test images. Where the mean of all would count as near, pixels cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.latent.knn import distances
from diabolo.ui.models.cache import cached

__all__ = ["Ground", "ground_of"]

_Array = NDArray[np.float32]
_LEARNED = 2500  # decoded codes of training images, at most
_BYTES = 2**26  # of these that are held for one model
_TESTED = 800  # decoded codes of test images, at most: they set the limit
_FEWEST = 500
_FAR = 0.99  # quantile of their distances


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What is like the data: decoded codes of training images, `(n, values)`; and how far off is unlike."""

    images: _Array
    limit: float

    def unlike(self, images: _Array) -> NDArray[np.bool_]:
        """Which of images `(batch, channels, height, width)` are farther from them than test images are."""
        return distances(images.reshape(len(images), -1), self.images) > self.limit


@cached(4)
def ground_of(model: Autoencoder) -> Ground | None:
    """A model's, by the codes in its bundle; None where these are too few, or pixels cannot tell.

    Raises:
        BundleError: it was changed.
    """
    if model.codes is None or model.density is None:  # which check the codes
        return None
    training = (model.bundle.arrays("codes") or {})["training"].astype(np.float32)
    tested = model.codes.latents
    size = int(np.prod(model.manifest.image_shape))
    most = max(1, min(_LEARNED, _BYTES // (4 * size)))
    known = model.decode(training[:most]).reshape(-1, size)
    if len(known) < _FEWEST or len(tested) < _FEWEST // 5:
        return None
    some = model.decode(tested[:: max(1, len(tested) // min(most, _TESTED))]).reshape(-1, size)
    limit = float(np.quantile(distances(some, known), _FAR))
    told = distances(known.mean(0, keepdims=True), known)[0] > limit
    return Ground(images=known, limit=limit) if told else None
