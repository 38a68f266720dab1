"""Collect images of any kind in one batch: pictures, arrays, tensors, and sequences of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AnySet
from typing import IO, Any, TypeAlias, TypeGuard, cast

import numpy as np
from PIL import Image

from diabolo.runtime._foreign import detached, is_foreign, reason
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image._array import Pixels, allowed, pixel_batch
from diabolo.runtime.image.tiles import scaled

__all__ = ["Picture", "gather", "is_picture", "is_series"]

Picture: TypeAlias = Image.Image | str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
_PICTURES = (Image.Image, str, os.PathLike, bytes, bytearray, memoryview)


def gather(
    images: Any,
    shape: tuple[int, int, int],
    convert: Callable[[Picture], Pixels],
    *,
    invert: bool = False,
    span: tuple[float, float] = (0.0, 1.0),
) -> Pixels:
    """Convert images to one batch, in 8 bits if all of them are.

    Args:
        images: as in `runtime.image.convert.as_batch`.
        shape: `(channels, height, width)` of the model; height and width are 0 if it takes any.
        convert: converts a picture to `(channels, height, width)`, uint8, or float32 in [0, 1].
        invert: whether arrays are inverted, too.
        span: the smallest and the largest value that float arrays may have.

    Returns:
        `(batch, channels, height, width)`: uint8, or float32 in [0, 1] or in `span`.

    Raises:
        ImageError: an image has another size, type or range; the message says what is allowed.
    """
    if not _is_single(images) and not is_series(images):
        raise ImageError(f"images cannot be of type {type(images).__name__}. {allowed(shape)}")
    items = [images] if _is_single(images) else images
    batches = [_one(item, shape, convert, invert, span) for item in items]
    if len(batches) == 1:
        return batches[0]
    if len(sizes := {batch.shape[1:] for batch in batches}) > 1:
        told = " and ".join(f"{height} x {width}" for _, height, width in sorted(sizes)[:2])
        raise ImageError(
            f"the images of one call must have one size, not {told} pixels. Give them one by one."
        )
    if len({batch.dtype for batch in batches}) > 1:
        batches = [scaled(batch) for batch in batches]
    return cast("Pixels", np.concatenate(batches)) if batches else np.empty((0, *shape), np.float32)


def _one(
    item: Any,
    shape: tuple[int, int, int],
    convert: Callable[[Picture], Pixels],
    invert: bool,
    span: tuple[float, float],
) -> Pixels:
    if is_picture(item):
        return convert(item)[None]
    if not (isinstance(item, np.ndarray) or is_foreign(item)):
        raise ImageError(f"an image cannot be of type {type(item).__name__}. {allowed(shape)}")
    try:
        array = detached(item)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor on a GPU, or in bfloat16
        raise ImageError(
            f"a {type(item).__name__} cannot be converted to a numpy array: {reason(error)}. {allowed(shape)}"
        ) from None
    batch = pixel_batch(array, shape, span)
    if not invert:
        return batch
    return 255 - batch if batch.dtype == np.uint8 else 1 - batch


def _is_single(value: Any) -> bool:
    return isinstance(value, np.ndarray) or is_picture(value) or is_foreign(value)


def is_picture(value: Any) -> TypeGuard[Picture]:
    """Whether this is a PIL image, or a file: a path, bytes, or an object with the method `read`."""
    return isinstance(value, _PICTURES) or callable(getattr(value, "read", None))


def is_series(value: Any) -> bool:
    """Whether this is an ordered collection; of a dict or a set the order is not what one expects."""
    return isinstance(value, Iterable) and not isinstance(value, Mapping | AnySet)
