"""Check the arguments of `export_pair`, and convert images of any kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from diabolo.export.errors import ExportError
from diabolo.export.external.outputs import SPREADS
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.convert import as_batch

__all__ = ["check_choices", "check_texts", "class_indices", "example_of", "images_of", "range_of"]

_ROUNDED = 1e-3  # how far rounding may take a value out of [0, 1]


def example_of(example: Any, value_range: tuple[float, float]) -> NDArray[np.float32]:
    """Convert the example to images `(n, channels, height, width)` in [0, 1].

    Args:
        example: a tensor, an array or anything with `__array__`: float `(n, channels, height, width)` in
            [0, 1]; uint8 tensors have the same axes, uint8 arrays are `(n, height, width, channels)`.
        value_range: of the modules, for the message.

    Raises:
        ExportError: it is something else, has other axes, is empty, or has values outside [0, 1].
    """
    array = _array(example, "example")
    last = array.ndim == 4 and array.dtype == np.uint8
    if array.ndim != 4 or not array.size or (array.dtype.kind != "f" and not last):
        raise ExportError(
            f"the example is {array.dtype} of shape {array.shape}. Give float images (n, channels, "
            "height, width) "
            "in [0, 1], at least one."
        )
    shape = (array.shape[3], *array.shape[1:3]) if last else array.shape[1:]
    if not last:
        _check_range(array, value_range)
    return _own(as_batch(array, (shape[0], shape[1], shape[2])))


def images_of(
    images: Any, shape: tuple[int, int, int], what: str, value_range: tuple[float, float]
) -> NDArray[np.float32]:
    """Convert images as `as_batch` takes them, tensors, or anything with `__array__`, or a list of these.

    Args:
        images: tensors have the axes `([n,] channels, height, width)`, uint8 or float.
        shape: `(channels, height, width)`.
        what: the name of the argument.
        value_range: of the modules, for the message.

    Returns:
        float32 `(n, *shape)` in [0, 1], at least one.

    Raises:
        ExportError: there are none, or `images` is not a collection of images.
        ImageError: an image has another size, type or range.
    """
    if isinstance(images, Mapping | set | frozenset):
        raise ExportError(
            f"{what} is a {type(images).__name__}. Give an array, a tensor or a list of images."
        )
    try:
        if isinstance(images, Sequence) and not isinstance(images, str):
            given: Any = [_image(each, what, value_range) for each in images]
        else:
            given = _image(images, what, value_range)
        batch = as_batch(given, shape)
    except (TypeError, ValueError) as error:
        raise ExportError(f"{what} cannot be read as images: {error}") from error
    if not len(batch):
        raise ExportError(f"{what} has no images. Give at least one, or leave {what} out.")
    return _own(batch)


def range_of(value: Any) -> tuple[float, float]:
    """Two finite numbers, the lower one first.

    Raises:
        ExportError: they are not.
    """
    try:
        low, high = (float(each) for each in value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise ExportError(
            f"value_range {_shown(value)} is not possible; give two numbers, of black and of white: (0, 1), "
            "(-1, 1) or (0, 255)."
        ) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high and math.isfinite(high - low)):
        raise ExportError(f"value_range {_shown(value)} is not possible; the lower number comes first.")
    if high - low < 1e-6 or max(-low, high) > 1e6:
        raise ExportError(
            f"value_range {_shown(value)} is not possible; numbers are at most a million apart."
        )
    return low, high


def check_choices(prior: Any, spread: Any) -> None:
    """Check the arguments that are one of a few words.

    Raises:
        ExportError: one is not.
    """
    if prior is not None and not (isinstance(prior, str) and prior == "normal"):
        raise ExportError(f"prior {_shown(prior)} is not possible; choose 'normal', or None for no prior.")
    if spread is not None and not (isinstance(spread, str) and spread in SPREADS):
        known = ", ".join(map(repr, SPREADS))
        raise ExportError(f"spread {_shown(spread)} is not possible; choose from {known}, or None.")


def check_texts(classes: Any, **texts: Any) -> tuple[str, ...]:
    """Check the arguments that are text, and return the classes.

    Raises:
        ExportError: one is of another type.
    """
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ExportError(f"{name} is {_shown(text)}, of type {type(text).__name__}. Give a text.")
    if isinstance(classes, str | bytes) or not isinstance(classes, Sequence | np.ndarray):
        raise ExportError(
            f"classes {_shown(classes)} are not possible; give a list of names: ['cat', 'dog']."
        )
    names = tuple(np.atleast_1d(classes)) if isinstance(classes, np.ndarray) else tuple(classes)
    for name in names:
        if not isinstance(name, str):
            raise ExportError(f"classes contain {_shown(name)}, of type {type(name).__name__}. Give names.")
    return tuple(map(str, names))


def class_indices(labels: Any, count: int, classes: Sequence[str]) -> NDArray[np.int64]:
    """Labels as an array `(count,)` of indices into `classes`.

    Raises:
        ExportError: they are something else.
    """
    wanted = (
        f"labels must be {count} whole numbers, one for each image, from 0 to "
        f"{max(0, len(classes) - 1)}: indices "
        "into classes."
    )
    try:
        values = _array(labels, "labels")
    except ExportError:
        raise ExportError(wanted) from None
    fits = values.shape == (count,) and values.dtype.kind in "iu" and count > 0
    if not fits or not 0 <= values.min() <= values.max() < max(1, len(classes)):
        raise ExportError(wanted)
    return values.astype(np.int64)


def _image(value: Any, what: str, value_range: tuple[float, float]) -> Any:
    """An array for what is one; a picture or a path as it is."""
    if not isinstance(value, np.ndarray | torch.Tensor) and (
        isinstance(value, Image.Image | str) or not hasattr(value, "__array__")
    ):
        return value
    array = _array(value, what)
    if array.dtype.kind == "f":
        _check_range(array, value_range)
    return array


def _array(value: Any, what: str) -> NDArray[Any]:
    """An array; of a uint8 tensor, whose channels come first, the array has them last."""
    try:
        if not isinstance(value, torch.Tensor):
            return np.asarray(value)
        tensor = value.detach().cpu()
        tensor = tensor.float() if tensor.is_floating_point() else tensor
        if tensor.dtype == torch.uint8 and tensor.ndim > 2:
            tensor = tensor.movedim(-3, -1)
        array: NDArray[Any] = tensor.numpy()
        return array
    except Exception as error:  # a tensor on 'meta', a sparse one, a ragged list, an __array__ that fails
        raise ExportError(f"{what} cannot be read as an array: {error}") from error


def _check_range(array: NDArray[Any], value_range: tuple[float, float]) -> None:
    """Check that float images are in [0, 1], before a conversion to float32 might overflow."""
    if not array.size:
        return
    low, high = float(array.min()), float(array.max())
    if low >= -_ROUNDED and high <= 1 + _ROUNDED:
        return
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ImageError("images hold values that are not numbers (NaN or infinite).")
    found = f"float images must be in [0, 1]; these range from {low:g} to {high:g}."
    if low >= -1 - _ROUNDED and high <= 1 + _ROUNDED:
        told = "" if value_range == (-1, 1) else ", and value_range=(-1, 1), so that your modules get [-1, 1]"
        raise ImageError(f"{found} Give (images + 1) / 2{told}.")
    raise ImageError(
        f"{found} Divide 8-bit values by 255; if your modules take other values, give value_range."
    )


def _own(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """The batch, writable: torch warns about arrays that are not."""
    return batch if batch.flags.writeable else batch.copy()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
