"""How unlike a model's training images a picture is, judged from what a bundle holds.

A model reconstructs whatever it is given: a photograph of a digit on lined paper may come back as another
digit. Three measures tell that a picture is novel, which the field also calls out of distribution:

code: the picture's code is farther from the codes of training images than those of test images are.
reconstruction: the reconstruction differs from the picture more than those of test images do, in absolute
    terms, or as a share of the picture's variance.
border: the picture's border is brighter or darker than that of any picture decoded from a test image's code.

Bundles hold the mean squared error and the mean PSNR of the test images, which are the logarithm of the
arithmetic mean and the mean of the logarithm: together they determine a log-normal distribution. The limits
are set so that a share of `LEVEL` of the test images stays below each of them. `docs/embedding.md` says what
they recognise on real data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime._input import Invert, ModelInput
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.background import border_brightness
from diabolo.runtime.image.convert import Images
from diabolo.runtime.latent._decoded import decoded_codes
from diabolo.runtime.latent.plausibility import unexplained

__all__ = ["LEVEL", "Novelty", "NoveltyDetector"]

LEVEL = 0.995  # the share of test images below the limit of each measure
_Z = 2.5758  # standard deviations of a normal distribution below which this share lies
_TESTED = 1000  # decoded test codes, at most
_FEWEST = 200  # test codes without which there is no limit
_MARGIN = 0.03  # of the border's brightness, plus the error: decoded pictures are smoother than images

_Array: TypeAlias = NDArray[np.float32]
Reason: TypeAlias = Literal["code", "reconstruction", "border"]
_OUTPUTS = ("images", "latents", "reconstructions")
_REASONS = {
    "code": "its code is farther from theirs than {code} of the test images' codes",
    "reconstruction": "its reconstruction differs more than those of {level} of the test images",
    "border": "its border has a brightness of {border}, theirs from {low} to {high}",
}


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """The judgement of one picture. A measure is None if the bundle does not hold what it takes.

    Attributes:
        reasons: the measures that exceed their limit; empty if the picture is like the training images.
        code: the share of test codes that are closer to the training codes, in [0, 1].
        reconstruction: the mean squared error, images in [0, 1], as a multiple of its limit; or the share of
            the picture's variance that is not reconstructed, as a multiple of its own, if that is larger.
        border: the mean brightness of the picture's border, in [0, 1].
        borders: the smallest and the largest brightness that are usual.
    """

    reasons: tuple[Reason, ...]
    code: float | None
    reconstruction: float | None
    border: float
    borders: tuple[float, float] | None

    @property
    def unlike(self) -> bool:
        """Whether the picture is unlike the training images."""
        return bool(self.reasons)

    @property
    def known(self) -> bool:
        """Whether the bundle holds what any of the measures takes."""
        return any(found is not None for found in (self.code, self.reconstruction, self.borders))

    def __str__(self) -> str:
        """The judgement in one English sentence, for commands and programs."""
        if not self.known:
            return "this bundle does not tell whether a picture is like its training images."
        if not self.reasons:
            return "the picture looks like the training images."
        return f"the picture looks unlike the training images: {self.why}."

    @property
    def why(self) -> str:
        """The reasons in English, without a full stop; empty if there are none."""
        return "; ".join(map(self._told, self.reasons))

    def values(self) -> dict[str, str]:
        """The numbers of the reasons as text: `code`, `level`, `border`, `low` and `high`."""
        low, high = self.borders or (0.0, 1.0)
        border = {"border": f"{self.border:.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}"}
        return {"code": _percent(self.code), "level": f"{100 * LEVEL:g} %"} | border

    def _told(self, reason: Reason) -> str:
        return _REASONS[reason].format(**self.values())


class NoveltyDetector:
    """Judges pictures for one model. It keeps three limits and calls the model; threads may share it.

    It takes one reconstruction for each picture, and once, when it is made, a decoding of 1,000 codes.
    A model that was trained on noise is judged by clean pictures: a noisy one is unlike its test images.

    Args:
        model: encodes and decodes pictures.

    Raises:
        GraphError: onnxruntime cannot compute the decoder.
        IntegrityError, ManifestError: as `LatentSpace.codes` raises them.
    """

    def __init__(self, model: Autoencoder) -> None:
        self._model = model
        rows, tested = decoded_codes(model, _FEWEST, _TESTED) or (None, None)
        codes, density = model.codes, None if tested is None else model.density
        known = None if density is None or codes is None else density.distance(codes.latents[rows])
        self._distances = None if known is None else np.sort(known)
        self._borders = None if tested is None else _borders(tested, _MARGIN + (_metric(model, "mse") or 0))
        self._errors = _error_limits(model, tested)

    @property
    def known(self) -> bool:
        """Whether the bundle holds what any of the measures takes."""
        return any(limit is not None for limit in (self._distances, self._borders, self._errors))

    def judge(self, images: Images, *, invert: Invert = None) -> list[Novelty]:
        """Judge pictures as the model sees them.

        Args:
            images: arrays as `convert.prepare` makes them, or pictures and paths, as `Autoencoder.encode`
                takes them.
            invert: as for `Autoencoder.encode`.

        Returns:
            A judgement for each picture.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
        """
        batch = ModelInput(self._model.manifest).batch(images, invert)
        latents = self._model.encode(batch)
        return self.judge_outputs(batch, latents, self._model.decode(latents))

    def judge_outputs(
        self, images: ArrayLike, latents: ArrayLike, reconstructions: ArrayLike
    ) -> list[Novelty]:
        """Judge images whose latents and reconstructions have been computed already; the model is not run.

        Args:
            images: as the model saw them, `(batch, channels, height, width)` in [0, 1].
            latents: what `encode` made of them, `(batch, *latent_shape)`.
            reconstructions: what `decode` made of the latents, of the images' shape.

        Returns:
            A judgement for each image.

        Raises:
            UsageError: not as many latents or reconstructions as images, or of another shape.
        """
        images, latents, reconstructions = self._checked(images, latents, reconstructions)
        codes, errors = self._codes(latents), self._reconstructions(images, reconstructions)
        return [
            self._judged(
                None if codes is None else float(codes[index]),
                None if errors is None else float(errors[index]),
                float(border),
            )
            for index, border in enumerate(border_brightness(images))
        ]

    def _checked(self, *given: ArrayLike) -> list[_Array]:
        """Images, latents and reconstructions as arrays of the same length."""
        m = self._model.manifest
        try:
            arrays = [np.asarray(values, np.float32) for values in given]
        except (TypeError, ValueError):
            raise UsageError("images, latents and reconstructions must be arrays of numbers.") from None
        shapes = m.image_shape, m.latent_shape, m.image_shape
        count = len(arrays[0]) if arrays[0].ndim else 1
        for what, array, shape in zip(_OUTPUTS, arrays, shapes, strict=True):
            if array.shape != (wanted := (count, *shape)):
                raise UsageError(f"{what} must have the shape {wanted}, not {array.shape}.")
        return arrays

    def _codes(self, latents: _Array) -> NDArray[np.float64] | None:
        density, usual = self._model.density, self._distances
        if density is None or usual is None:
            return None
        ranks: NDArray[np.float64] = np.searchsorted(usual, density.distance(latents)) / len(usual)
        return ranks

    def _reconstructions(self, batch: _Array, made: _Array) -> NDArray[np.float64] | None:
        if self._errors is None:
            return None
        absolute, relative = self._errors
        flat = np.square(made - batch).reshape(len(batch), -1)
        errors: NDArray[np.float64] = flat.mean(1, dtype=np.float64) / absolute
        if relative is not None:
            errors = np.maximum(errors, unexplained(batch, made) / relative)
        return errors

    def _judged(self, code: float | None, reconstruction: float | None, border: float) -> Novelty:
        found: dict[Reason, bool] = {
            "code": code is not None and code > LEVEL,
            "reconstruction": reconstruction is not None and reconstruction > 1,
            "border": self._borders is not None and not self._borders[0] <= border <= self._borders[1],
        }
        return Novelty(
            reasons=tuple(reason for reason, exceeds in found.items() if exceeds),
            code=code,
            reconstruction=reconstruction,
            border=border,
            borders=self._borders,
        )


def _borders(tested: _Array, margin: float) -> tuple[float, float]:
    low, high = np.quantile(border_brightness(tested), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return max(0.0, float(low) - margin), min(1.0, float(high) + margin)


def _error_limits(model: Autoencoder, tested: _Array | None) -> tuple[float, float | None] | None:
    """The limits of the mean squared error and of the fraction of variance unexplained, if they are known."""
    mse, psnr = _metric(model, "mse"), _metric(model, "psnr")
    if mse is None or psnr is None or mse <= 0:
        return None
    centre = -psnr * math.log(10) / 10  # the mean of the logarithm of an image's error
    spread = math.sqrt(max(0.0, 2 * (math.log(mse) - centre)))
    limit = math.exp(centre + _Z * spread)
    if tested is None:
        return limit, None
    # errors as likely as any for each picture; its image has the variance that the decoder blurs away, too
    likely = np.exp(centre + spread * _normal_quantiles())
    variances = tested.reshape(len(tested), -1).var(1) + mse
    return limit, float(np.quantile(likely[:, None] / variances, LEVEL))


def _metric(model: Autoencoder, name: str) -> float | None:
    value = model.manifest.metrics.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _normal_quantiles() -> NDArray[np.float64]:
    """Two hundred equally probable values of the standard normal distribution."""
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf((index + 0.5) / 200) for index in range(200)])


def _percent(share: float | None) -> str:
    return "all" if share is None or share >= 1 else f"{math.floor(1000 * share) / 10:g} %"
