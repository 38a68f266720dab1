"""Says when a picture is unlike a model's training images, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import IntegrityError, ManifestError
from diabolo.runtime.novelty import NoveltyDetector
from diabolo.ui.models.cache import cached

__all__ = ["unlike"]


@cached(32)
def _detector(model: Autoencoder) -> NoveltyDetector | None:
    try:
        detector = NoveltyDetector(model)
    except (IntegrityError, ManifestError):  # the codes were changed; the tab Models reports it
        return None
    return detector if detector.known else None


def unlike(model: Autoencoder, image: NDArray[np.float32], say: Mapping[str, str]) -> str:
    """A sentence if the picture is unlike the training images; '' if not, or if the bundle does not tell.

    Args:
        model: the model.
        image: the picture as the model sees it, float32 `(channels, height, width)` in [0, 1].
        say: `SHARED` in one language.
    """
    detector = _detector(model)
    if detector is None:
        return ""
    (found,) = detector.judge(image[None])
    if not found.unlike:
        return ""
    reasons = (say[f"unlike_{reason}"].format(**found.values()) for reason in found.reasons)
    return say["unlike"].format(reasons="; ".join(reasons))
