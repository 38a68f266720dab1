"""What a bundle holds of its latents: codes of test images with their labels, the density of training codes,
and the numbers of a distribution that has a file of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.latent.density import NEIGHBOUR, Density

if TYPE_CHECKING:
    from diabolo.runtime.latent.codebook import Codebook
    from diabolo.runtime.latent.distribution import Distribution
    from diabolo.runtime.latent.mixture import Mixture

__all__ = ["Codes", "read_codes", "read_density", "read_distribution"]

_LARGEST = 1e15  # the largest value of a code; float32 can still hold a sum of its squares


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """Codes of some test images.

    Attributes:
        latents: float32 `(n, *latent_shape)`.
        labels: int64 `(n,)`, indices into the manifest's classes; None if there are no classes.
    """

    latents: NDArray[np.float32]
    labels: NDArray[np.int64] | None


def read_codes(bundle: Bundle) -> Codes | None:
    """The codes of test images, or None if the bundle has none.

    Raises:
        IntegrityError: codes.npz was changed.
        ManifestError: codes.npz does not fit the model.
    """
    arrays = bundle.arrays("codes")
    if arrays is None:
        return None
    latents, labels, shape = arrays.get("codes"), arrays.get("labels"), bundle.manifest.latent_shape
    if latents is None or latents.shape[1:] != shape or not latents.size:
        found = "no codes" if latents is None else f"codes of shape {latents.shape}"
        raise ManifestError(
            f"codes.npz holds {found}; this model's have the shape (n, {', '.join(map(str, shape))}). "
            "Export the bundle again."
        )
    _check_count(latents, "codes", bundle)
    classes = max(1, len(bundle.manifest.classes))
    if labels is not None and not _are_labels(labels, len(latents), classes):
        raise ManifestError(
            f"codes.npz holds invalid labels of shape {labels.shape} and type {labels.dtype}: there are "
            f"{len(latents):,} codes and {classes:,} classes, counted from 0. Export the bundle again."
        )
    return Codes(
        latents=_numbers(latents, "codes"), labels=None if labels is None else labels.astype(np.int64)
    )


def read_density(bundle: Bundle) -> Density | None:
    """The density of the training codes, or None if the bundle has no training codes.

    Raises:
        IntegrityError: codes.npz was changed.
        ManifestError: codes.npz does not fit the model.
    """
    arrays = bundle.arrays("codes") or {}
    training, typical = arrays.get("training"), arrays.get("distances")
    if training is None or typical is None:
        return None
    enough = training.shape[1:] == bundle.manifest.latent_shape and len(training) >= NEIGHBOUR
    if not (enough and typical.ndim == 1 and len(typical) > 1):
        raise ManifestError(
            f"codes.npz holds training codes of shape {training.shape} and distances of shape "
            f"{typical.shape}: at least {NEIGHBOUR} of this model's codes and two distances are needed. "
            "Export the bundle again."
        )
    _check_count(training, "training codes", bundle)
    _check_count(typical, "distances", bundle)
    distances = _numbers(typical, "distances")
    if (np.diff(distances) < 0).any():
        raise ManifestError(
            "codes.npz holds distances that are not in ascending order. Export the bundle again."
        )
    return Density(_numbers(training, "training codes"), distances)


def read_distribution(bundle: Bundle) -> Distribution | None:
    """The distribution whose numbers the bundle holds in a file of its own, or None if it has no such file.

    Raises:
        IntegrityError: the file was changed.
        ManifestError: the file is missing, or does not fit the model.
    """
    name = bundle.manifest.distribution
    if name == "codebook":
        return _read_codebook(bundle)
    return _read_mixture(bundle) if name == "mixture" else None


def _read_mixture(bundle: Bundle) -> Mixture:
    """The mixture of gaussians of a bundle."""
    from diabolo.runtime.latent.mixture import Mixture  # most models have none

    arrays, shape = bundle.arrays("mixture") or {}, bundle.manifest.latent_shape
    means = arrays.get("means")
    if means is None or means.shape[1:] != (prod(shape),) or not means.size:
        found = "no means" if means is None else f"means of shape {means.shape}"
        raise ManifestError(
            f"the bundle's mixture has {found}; this model's have the shape (k, {prod(shape)}). "
            "Export the bundle again."
        )
    _check_count(means, "means", bundle, "the bundle's mixture")
    try:
        numbers = (
            _numbers(arrays[name], name, "the bundle's mixture") for name in ("weights", "means", "roots")
        )
        return Mixture(*numbers, shape=shape)
    except KeyError as error:
        raise ManifestError(f"the bundle's mixture has no {error}. Export the bundle again.") from None
    except (TypeError, ValueError) as error:
        raise ManifestError(f"the bundle's mixture cannot be used: {error}. Export it again.") from None


def _read_codebook(bundle: Bundle) -> Codebook:
    """The codebook of a bundle whose latents are discrete."""
    from diabolo.runtime.latent.codebook import Codebook  # most models have none

    arrays, shape = bundle.arrays("codebook") or {}, bundle.manifest.latent_shape
    vectors, frequencies = arrays.get("vectors"), arrays.get("frequencies")
    if vectors is None or vectors.shape[1:] != shape[:1] or not vectors.size:
        found = "no vectors" if vectors is None else f"vectors of shape {vectors.shape}"
        raise ManifestError(
            f"the bundle's codebook has {found}; this model's have the shape (n, {shape[0]}). "
            "Export the bundle again."
        )
    _check_count(vectors, "vectors", bundle, "the bundle's codebook")
    try:
        numbers = _numbers(vectors, "vectors", "the bundle's codebook")
        return Codebook(numbers, frequencies, positions=shape[1:])
    except (TypeError, ValueError) as error:
        raise ManifestError(f"the bundle's codebook cannot be used: {error}. Export it again.") from None


def _check_count(array: NDArray[np.generic], what: str, bundle: Bundle, file: str = "codes.npz") -> None:
    if len(array) > (most := bundle.limits.codes):
        raise ManifestError(f"{file} holds {len(array):,} {what}; {most:,} are allowed.")


def _are_labels(labels: NDArray[np.generic], count: int, classes: int) -> bool:
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        return False
    return 0 <= int(labels.min()) <= int(labels.max()) < classes


def _numbers(array: NDArray[np.generic], what: str, file: str = "codes.npz") -> NDArray[np.float32]:
    """The array as float32, if all values are small enough."""
    largest = max(float(array.max()), -float(array.min()))
    if not largest <= _LARGEST:  # also true for a NaN, which min() and max() return
        raise ManifestError(
            f"{file} holds {what} up to {largest:g}; at most {_LARGEST:.0e} is allowed. "
            "Export the bundle again."
        )
    return array.astype(np.float32)
