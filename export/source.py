"""What a bundle is made of before it is one: the two modules, and what is known of them and their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.measure import Batches
from diabolo.export.pair import Pair
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.runtime.latent import Codebook

__all__ = ["Source"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A pair with all that model.json says of it.

    Attributes:
        pair: the torch modules.
        name: of the model, where the bundle's folder gives none.
        facts: keys of model.json as they are to stand there: `summary`, `variant`, `network`, `dataset`,
            `metrics`, and under `image` how pictures are fitted: `resize`, `padding`.
        learned: images it was trained on, `(n, *image_shape)` in [0, 1]; some hundreds, for calibration and
            the brightness of their border.
        codes: latents of images it was trained on, `(n, *latent_shape)`; their statistics go to model.json.
        test: images to be measured on.
        measured_on: what those are: 'test', or 'given' where they may have been trained on.
        arrays: of codes.npz: `codes`, and `labels` where there are classes; empty: no such file.
        prior: 'normal' where latents drawn from N(0, I) decode to images like the data.
        noise: what the model was trained to remove.
        codebook: the vectors that latents are made of, for a model with discrete codes.
    """

    pair: Pair
    name: str
    facts: dict[str, Any]
    learned: NDArray[np.float32]
    codes: NDArray[np.float32]
    test: Batches
    arrays: dict[str, NDArray[Any]]
    measured_on: str = "test"
    prior: str | None = None
    noise: NoiseSpec | None = None
    codebook: Codebook | None = None
