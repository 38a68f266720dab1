"""Says when a picture is unlike a model's training images, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import BundleError
from diabolo.runtime.novelty import LEVEL, Novelty, NoveltyDetector
from diabolo.ui.models.cache import cached

__all__ = ["unlike"]


@cached(32)
def _detector(model: Autoencoder) -> NoveltyDetector | None:
    try:
        return NoveltyDetector(model)
    except BundleError:  # what it takes of the bundle was changed; the tab Models reports it
        return None


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
    return say["unlike"].format(reasons="; ".join(_reasons(found, say)))


def _reasons(found: Novelty, say: Mapping[str, str]) -> list[str]:
    low, high = found.borders or (0.0, 1.0)
    values = {
        "code": {"share": f"{LEVEL:.1%}" if found.code is None else f"{found.code:.1%}"},
        "reconstruction": {"share": f"{LEVEL:.1%}"},
        "border": {"found": f"{found.border:.0%}", "low": f"{low:.0%}", "high": f"{high:.0%}"},
    }
    return [say[f"unlike_{reason}"].format(**values[reason]) for reason in found.reasons]
