"""Check arrays that are given as images, and convert them to a batch."""

from __future__ import annotations

from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.tiles import scaled

__all__ = ["Pixels", "allowed", "array_batch", "pixel_batch"]

Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
"""Images `(batch, channels, height, width)`: uint8 in [0, 255], or float32 in [0, 1]."""

_SLACK = 1e-3  # how far rounding may take float images out of [0, 1]
_FLOAT32 = np.dtype(np.float32)
_Floats = TypeVar("_Floats", NDArray[np.float32], NDArray[np.generic])


def array_batch(
    array: NDArray[np.generic], shape: tuple[int, int, int], span: tuple[float, float] = (0.0, 1.0)
) -> NDArray[np.float32]:
    """Convert an array of images to a batch of floats; otherwise as `pixel_batch`."""
    return scaled(pixel_batch(array, shape, span))


def pixel_batch(
    array: NDArray[np.generic], shape: tuple[int, int, int], span: tuple[float, float] = (0.0, 1.0)
) -> Pixels:
    """Convert an array of images to a batch; one of uint8 keeps its type, and is not copied.

    Args:
        array: uint8 `(h, w, c)` or `(n, h, w, c)` in [0, 255], or float `(c, h, w)` or `(n, c, h, w)` in
            [0, 1]. If c is 1, it may be left out: `(h, w)`, `(n, h, w)`.
        shape: `(channels, height, width)` of the model; height and width are 0 if it takes any.
        span: the smallest and the largest value that floats may have; see `NoiseSpec.span`.

    Returns:
        `(batch, channels, height, width)`: uint8, or float32 in [0, 1] or in `span`.

    Raises:
        ImageError: the array has another size, type or range.
    """
    if type(array) is not np.ndarray:  # such as np.matrix, which has always two axes
        array = np.asarray(array)
    if not shape[1]:
        shape = _sized(array, shape)
    if array.dtype is _FLOAT32 and array.ndim == 4 and array.shape[1:] == shape and array.flags.c_contiguous:
        # what the graphs take: checked thousands of times a second, and not copied
        return _checked(cast("NDArray[np.float32]", array), span)
    channels, height, width = shape
    if array.dtype == np.uint8:
        if array.ndim <= 4 and array.shape[-3:] == (height, width, channels):
            stacked = array.reshape(-1, height, width, channels)
        elif channels == 1 and array.shape[-2:] == (height, width) and array.ndim <= 3:
            stacked = array.reshape(-1, height, width, 1)
        else:
            raise ImageError(f"a uint8 array of shape {array.shape} does not fit. {allowed(shape)}")
        return cast("NDArray[np.uint8]", stacked).transpose(0, 3, 1, 2)
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageError(f"an array of {array.dtype} is neither uint8 nor float. {allowed(shape)}")
    grey = channels == 1 and array.ndim in (2, 3) and array.shape[-2:] == (height, width)
    if not grey and (array.shape[-3:] != shape or array.ndim > 4):
        raise ImageError(f"a float array of shape {array.shape} does not fit. {allowed(shape)}")
    # checked first: a number that is too large for float32 would become infinite
    return np.ascontiguousarray(_checked(array.reshape(-1, *shape), span), np.float32)


def _sized(array: NDArray[np.generic], shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape with the height and width of an array, for a model that takes any; as it is if they are
    unclear."""
    channels, sides = shape[0], array.shape
    last = array.dtype == np.uint8  # the channels of these come last
    if array.ndim == 4 or (array.ndim == 3 and sides[-1 if last else 0] == channels):
        sides = sides[:-1] if last else sides
        height, width = sides[-2:]
    elif channels == 1 and array.ndim in (2, 3):
        height, width = sides[-2:]
    else:
        return shape
    return (channels, height, width) if height and width else shape


def _checked(batch: _Floats, span: tuple[float, float]) -> _Floats:
    """The same float images, if all values are in `span`."""
    if not batch.size:
        return batch
    flat = batch.ravel()
    low, high = flat[flat.argmin()], flat[flat.argmax()]  # much faster than min() and max()
    if low >= span[0] - _SLACK and high <= span[1] + _SLACK:  # False for a NaN
        return batch
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("images hold values that are not numbers (NaN or infinite).")
    if span != (0, 1):
        raise ImageError(
            f"float images must be in [0, 1], or with unclipped noise in [{span[0]:g}, {span[1]:g}]; these "
            f"range from {low:g} to {high:g}. {_rescaling(low, high)}"
        )
    raise ImageError(
        f"float images must be in [0, 1]; these range from {low:g} to {high:g}. {_rescaling(low, high)}"
    )


def _rescaling(low: np.floating, high: np.floating) -> str:
    """What to do with float images that range from `low` to `high`."""
    if low >= -1 - _SLACK and high <= 1 + _SLACK:
        return "If they are in [-1, 1], give (x + 1) / 2."
    if low >= 0 and high <= 255:
        return "Divide 8-bit values by 255, or give them as uint8 (height, width, channels)."
    if low >= 0:
        return "Divide them by the largest value that is possible: 65535 for 16 bits."
    return "If they were normalised, undo that: give x * std + mean."


def allowed(shape: tuple[int, int, int]) -> str:
    """The sentence at the end of a message that says which images a model takes."""
    channels, height, width = shape if shape[1] else (shape[0], "height", "width")
    return (
        "Give pictures (PIL images, or files as paths, bytes or opened; any size), uint8 arrays "
        f"([n,] {height}, {width}, {channels}) or float arrays "
        f"([n,] {channels}, {height}, {width}) in [0, 1]."
    )
