"""What a bundle holds of its latents: codes of test images with their labels, the density of training codes,
and the numbers of a distribution that has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.latent.density import NEIGHBOUR, Density
from diabolo.runtime.latent.distribution import STORED, Distribution, Fitted, Normal, Statistics, Stored

__all__ = [
    "Codes",
    "declared_distribution",
    "read_codes",
    "read_density",
    "read_distribution",
    "statistics_of",
]

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


def read_distribution(bundle: Bundle) -> Stored | None:
    """The distribution whose numbers the bundle holds in a file of its own, or None if it has no such file.

    Raises:
        IntegrityError: the file was changed.
        ManifestError: the file is missing, or does not fit the model.
    """
    if (name := bundle.manifest.distribution) not in STORED:
        return None
    arrays, file = bundle.arrays(name) or {}, f"the bundle's {name}"
    try:
        for what, array in arrays.items():
            _check_count(array, what, bundle, file)
            _numbers(array, what, file)
        return _kind(name).of_arrays(arrays, bundle.manifest.latent_shape)
    except KeyError as error:
        raise ManifestError(f"{file} has no {error.args[0]}. Export the bundle again.") from None
    except (TypeError, ValueError) as error:
        raise ManifestError(f"{file} cannot be used: {error}. Export the bundle again.") from None


def statistics_of(m: Manifest) -> Statistics:
    """The statistics of the training images' codes."""
    return Statistics(
        mean=m.latent_mean, std=m.latent_std, minimum=m.latent_minimum, maximum=m.latent_maximum
    )


def declared_distribution(m: Manifest, codes: Callable[[], Codes | None]) -> Distribution:
    """The prior of a model that has one; of any other a gaussian fitted to its codes."""
    if m.distribution == "normal":
        return Normal(m.latent_shape)
    return Fitted(statistics_of(m), lambda: None if (known := codes()) is None else known.latents)


def _kind(name: str) -> type[Stored]:
    """Imported when it is needed: most models have neither."""
    if name == "codebook":
        from diabolo.runtime.latent.codebook import Codebook

        return Codebook
    from diabolo.runtime.latent.mixture import Mixture

    return Mixture


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
