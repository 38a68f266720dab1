"""Novelty detection: whether an image looks like the data that a model was trained on.

It does if it is near one of the decoded codes of training images; these are as sharp as the decoder's images
can be. An image is novel if it is farther from them than 99 % of the decoded codes of test images. If even
the mean of all training images would count as near, distances between pixels tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.latent.knn import distances
from diabolo.ui.models.cache import cached

__all__ = ["Novelty", "novelty_of"]

__getattr__ = old_names(__name__, {"Ground": "Novelty", "ground_of": "novelty_of"})

_Array = NDArray[np.float32]
_LEARNED = 2500  # decoded codes of training images, at most
_BYTES = 2**26  # of these images, at most, for one model
_TESTED = 800  # decoded codes of test images, at most, which set the limit
_FEWEST = 500  # decoded codes of training images, at least
_FAR = 0.99  # quantile of the test images' distances


@dataclass(frozen=True, kw_only=True, eq=False)
class Novelty:
    """Decides by the distance to the nearest of known images.

    Attributes:
        images: decoded codes of training images, float32 `(n, channels * height * width)` in [0, 1].
        limit: the Euclidean distance beyond which an image is novel.
    """

    images: _Array
    limit: float

    def novel(self, images: _Array) -> NDArray[np.bool_]:
        """Which of images `(batch, channels, height, width)` in [0, 1] are novel: bool `(batch,)`."""
        return distances(images.reshape(len(images), -1), self.images) > self.limit


@cached(4)
def novelty_of(model: Autoencoder) -> Novelty | None:
    """The novelty detector of a model; None if its bundle has too few codes, or distances tell nothing.

    Raises:
        BundleError: the bundle was modified.
    """
    if model.codes is None or model.density is None:  # reading them checks the file of the codes
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
    return Novelty(images=known, limit=limit) if told else None
