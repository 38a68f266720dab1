"""The input of an export: two torch modules, and what is known about them and their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.measure import Batches
from diabolo.export.pair import Pair
from diabolo.runtime._old_names import OldAttribute
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.runtime.latent import Stored

__all__ = ["Source"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A pair, and what model.json says about it.

    Attributes:
        pair: the torch modules.
        name: of the model, if the bundle's folder has a generic name.
        facts: keys that are copied to model.json: `summary`, `variant`, `network`, `dataset`, `metrics`, and
            `image` with `resize` and `padding`.
        training_images: some hundred training images, float32 `(n, *image_shape)` in [0, 1], for the
            calibration and the brightness of their border.
        codes: latents of training images, float32 `(n, *latent_shape)`; model.json has their statistics.
        test: returns batches of images for the metrics.
        measured_on: 'test', or 'given' if the model may have been trained on these images.
        arrays: of codes.npz: `codes`, `labels` if there are classes, `training` and `distances`; if empty,
            there is no such file.
        prior: 'normal' if latents drawn from N(0, I) decode to images like the data.
        noise: the noise that the model was trained to remove.
        distribution: of the latents, if its numbers have a file of their own (a codebook or a mixture).
    """

    pair: Pair
    name: str
    facts: dict[str, Any]
    training_images: NDArray[np.float32]
    codes: NDArray[np.float32]
    test: Batches
    arrays: dict[str, NDArray[Any]]
    measured_on: str = "test"
    prior: str | None = None
    noise: NoiseSpec | None = None
    distribution: Stored | None = None

    learned = OldAttribute("training_images")
