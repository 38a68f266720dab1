"""The noise that denoising autoencoders are trained on, in numpy.

Every kind maps images in [0, 1] to images in [0, 1]; the result is clipped, as it would be in a file. The
level is a number, or is drawn from a range for each image.

    gaussian      x + level * n, n ~ N(0, 1)                        level: standard deviation
    salt-pepper   a share `level` of the pixels becomes 0 or 1      level: share
    masking       a share `level` of the pixels becomes 0           level: share
    speckle       x + level * x * n, n ~ N(0, 1)                    level: standard deviation

Masking and salt-and-pepper are the corruptions of Vincent et al., 'Stacked Denoising Autoencoders',
JMLR 11 (2010), https://www.jmlr.org/papers/v11/vincent10a.html; all channels of a pixel are changed together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError, NoiseError, UnknownNameError, UsageError
from diabolo.runtime.image._array import array_batch

__all__ = ["KINDS", "NoiseSpec", "add_noise", "largest_level"]

_LARGEST = {"gaussian": 4.0, "salt-pepper": 1.0, "masking": 1.0, "speckle": 4.0}
KINDS = tuple(_LARGEST)


def largest_level(kind: str) -> float:
    """The highest level allowed for `kind`; at higher levels images only become more similar to noise.

    Raises:
        UnknownNameError: `kind` is not one of KINDS.
    """
    if not isinstance(kind, str) or kind not in _LARGEST:
        raise UnknownNameError("noise", kind, KINDS)
    return _LARGEST[kind]


@dataclass(frozen=True, kw_only=True)
class NoiseSpec:
    """A kind of noise and the range that its level is drawn from.

    Attributes:
        kind: one of KINDS.
        low: the lowest level, at least 0.
        high: the highest level, at most `largest_level(kind)`; equal to `low` for a single level.

    Raises:
        NoiseError: a level is out of its range, or `low` is above `high`.
        UnknownNameError: `kind` is not one of KINDS.
    """

    kind: str
    low: float
    high: float

    def __post_init__(self) -> None:
        top = largest_level(self.kind)
        levels: tuple[object, ...] = (self.low, self.high)
        if not all(isinstance(level, Real) for level in levels):
            raise NoiseError(f"a noise level is a number, not {self.low!r} or {self.high!r}.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and 0 <= self.low <= self.high <= top):
            raise NoiseError(
                f"noise level {self.low:g} to {self.high:g} is not possible for {self.kind}: "
                f"levels go from 0 to {top:g}, the lower one first."
            )

    @classmethod
    def parse(cls, text: str) -> NoiseSpec:
        """Read 'gaussian:0.5' or 'gaussian:0.1-0.7'.

        Raises:
            NoiseError: the text does not have this form, or a level is out of its range.
            UnknownNameError: the kind is not one of KINDS.
        """
        if not isinstance(text, str):
            raise NoiseError(f"noise is written as KIND:LEVEL, for instance gaussian:0.5, not as {text!r}.")
        kind, colon, levels = text.partition(":")
        if not colon:
            raise NoiseError(
                f"noise {text!r} has no level. Write it as KIND:LEVEL, for instance gaussian:0.5."
            )
        low, _, high = levels.partition("-")
        try:
            return cls(kind=kind.strip(), low=float(low), high=float(high or low))
        except ValueError:
            raise NoiseError(
                f"noise level {levels!r} is not a number or a range. Write gaussian:0.5 or gaussian:0.1-0.7."
            ) from None

    def __str__(self) -> str:
        levels = f"{self.low:g}" if self.low == self.high else f"{self.low:g}-{self.high:g}"
        return f"{self.kind}:{levels}"


def add_noise(images: NDArray[np.float32], spec: NoiseSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add noise to copies of images.

    Args:
        images: float32 `(batch, channels, height, width)` in [0, 1].
        spec: the kind and its level; from a range, one level is drawn for each image.
        rng: the random generator; the same state gives the same noise.

    Returns:
        float32 `(batch, channels, height, width)`, clipped to [0, 1].

    Raises:
        ImageError: the images are not of this shape, type or range.
        UsageError: `spec` or `rng` has another type.
    """
    if not (isinstance(images, np.ndarray) and images.ndim == 4 and images.dtype.kind == "f"):
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        raise ImageError(f"noise is added to float images (batch, channels, height, width), not to {found}.")
    if not (isinstance(spec, NoiseSpec) and isinstance(rng, np.random.Generator)):
        raise UsageError("noise takes a NoiseSpec, and a generator such as np.random.default_rng(0).")
    images = array_batch(images, images.shape[1:])
    level = rng.uniform(spec.low, spec.high, (len(images), 1, 1, 1)).astype(np.float32)
    if spec.kind == "gaussian":
        noisy = images + level * rng.standard_normal(images.shape, np.float32)
    elif spec.kind == "speckle":
        noisy = images + level * images * rng.standard_normal(images.shape, np.float32)
    else:
        draws = rng.random((len(images), 1, *images.shape[2:]), np.float32)
        noisy = np.where(draws < level, np.float32(0), images)
        if spec.kind == "salt-pepper":
            # of the pixels that are changed, half become 0 (pepper) and half 1 (salt)
            noisy = np.where((draws >= level / 2) & (draws < level), np.float32(1), noisy)
    clipped: NDArray[np.float32] = np.clip(noisy, 0, 1, dtype=np.float32)
    return clipped
