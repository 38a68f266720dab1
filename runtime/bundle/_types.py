"""The dataclasses of a parsed model.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import OldAttribute
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.runtime.image.placement import Drawing

__all__ = ["AnySize", "FileEntry", "Golden", "Manifest", "Sum"]


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of the bundle, as model.json lists it.

    Attributes:
        role: 'encoder', 'decoder', 'codes', 'card', 'preview' or another.
        sha256: 64 hexadecimal digits.
        size: in bytes.
    """

    role: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Sum:
    """A signed sum of a graph's outputs, see `diabolo.runtime.bundle.fingerprint`.

    Attributes:
        values: float32, of the shape of one output: `latent_shape` or `image_shape`.
        tolerance: the largest absolute difference allowed, by provider, as in `Golden`.
    """

    values: NDArray[np.float32]
    tolerance: dict[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Golden:
    """One image with its latent and its reconstruction, computed when the graphs were exported.

    Attributes:
        image: float32 `(1, channels, height, width)` in [0, 1].
        latent: float32 `(1, *latent_shape)`.
        reconstruction: float32 `(1, channels, height, width)` in [0, 1].
        tolerance: the largest absolute difference allowed, by provider ('cpu', 'wasm', 'cuda'), with a
            'default'.
        sums: signed sums of the outputs for many codes, by 'latent', 'log_variance' and 'image'; empty in
            older bundles.
        second: of another size, for a model of any size. Neither has the size of `image_shape` then.
    """

    image: NDArray[np.float32]
    latent: NDArray[np.float32]
    reconstruction: NDArray[np.float32]
    tolerance: dict[str, float]
    sums: dict[str, Sum]
    second: Golden | None = None


@dataclass(frozen=True, kw_only=True)
class AnySize:
    """What a model that takes images of any size needs to know of them.

    Attributes:
        multiple: what the sides of images that the graphs take are multiples of. The caller repeats the right
            and the bottom edge up to there, and crops the result.
        receptive_radius: no pixel of a result depends on an input pixel that is farther away, in rows or in
            columns; None if all depend on the whole image.
        latent_stride: the pixels of one step of the latent's grid.
    """

    multiple: int
    receptive_radius: int | None
    latent_stride: int


class Preparation(TypedDict):
    """Settings of `runtime.image.convert.prepare` and `as_batch` that depend on the model."""

    background: float
    resize: str
    padding: tuple[int, int, int]
    value_range: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Manifest:
    """A valid model.json.

    Attributes:
        name: of the model.
        summary: one sentence about the model.
        variant: for people; no code may depend on it.
        network: for people.
        image_shape: `(channels, height, width)`; of the crops that it was trained on, if the model takes any
            size.
        any_size: what such a model needs to know of images; None: it takes images of `image_shape` only.
        colour: 'grey', 'rgb' or 'other'.
        background: the mean brightness of the training images' border, in [0, 1].
        resize: how pictures of another size are resized: 'crop', 'pad' or 'fit'.
        padding: the colour around a padded picture: red, green, blue, 0 to 255.
        value_range: the grey values that become black and white in a picture of more than 8 bits; None for 0
            and 65535, or 0.0 and 1.0 for floats.
        drawing: how drawings are scaled and placed; None treats them like other pictures.
        latent_shape: without the batch; of an image of `image_shape`.
        latent_mean: the mean of the training images' codes, float32 `latent_shape`.
        latent_std: their standard deviation, shaped as the mean.
        latent_minimum: their smallest values, shaped as the mean.
        latent_maximum: their largest values, shaped as the mean.
        prior: 'normal' for N(0, I), or None.
        distribution: of the latents: 'normal', 'fitted', 'codebook' or 'mixture'.
        log_variance: whether the encoder has a second output, the posterior's log-variance.
        noise: the noise that the model was trained to remove: kind, lowest and highest level; or None. Of a
            combination, the first kind.
        noise_spec: that noise in full; None if there is none, or its kind is not known to this release.
        dataset: the name of the training set.
        classes: the names of its classes; empty if there are none.
        metrics: of the run on the test images, by name.
        files: all files of the bundle but model.json, by name.
        golden: an image with its expected latent and reconstruction.
        document: the whole JSON object, with unknown keys.
    """

    name: str
    summary: str
    variant: str
    network: str
    image_shape: tuple[int, int, int]
    any_size: AnySize | None = None
    colour: str
    background: float
    resize: str
    padding: tuple[int, int, int]
    value_range: tuple[float, float] | None
    drawing: Drawing | None
    latent_shape: tuple[int, ...]
    latent_mean: NDArray[np.float32]
    latent_std: NDArray[np.float32]
    latent_minimum: NDArray[np.float32]
    latent_maximum: NDArray[np.float32]
    prior: str | None
    distribution: str
    log_variance: bool
    noise: tuple[str, float, float] | None
    noise_spec: NoiseSpec | None
    dataset: str
    classes: tuple[str, ...]
    metrics: dict[str, Any]
    files: dict[str, FileEntry]
    golden: Golden = field(repr=False)
    document: dict[str, Any] = field(repr=False)

    latent_deviation = OldAttribute("latent_std")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the training, by name; empty if model.json has none."""
        found = (self.document.get("training") or {}).get("settings")
        return found if isinstance(found, dict) else {}

    @property
    def variant_options(self) -> dict[str, Any]:
        """Those of the settings that only the variant has, such as 'beta'; empty if model.json has none."""
        found = self.settings.get("variant_options")
        return found if isinstance(found, dict) else {}

    @property
    def preparation(self) -> Preparation:
        """How pictures are prepared for the model: arguments of `runtime.image.convert.prepare`."""
        return {
            "background": self.background,
            "resize": self.resize,
            "padding": self.padding,
            "value_range": self.value_range,
        }

    def file(self, role: str) -> str | None:
        """The name of the first file with this role, or None if there is none."""
        known = isinstance(role, str)  # an array would be compared value by value
        return next((name for name, entry in self.files.items() if known and entry.role == role), None)
