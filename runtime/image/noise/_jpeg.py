"""JPEG compression of images."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.errors import ImageError

__all__ = ["check_jpeg", "jpeg"]

_LARGEST = 65_500  # pixels a side that libjpeg writes


def jpeg(images: NDArray[np.float32], qualities: Iterable[int]) -> NDArray[np.float32]:
    """Images compressed as JPEG files and read again.

    Args:
        images: float32 `(batch, 1 or 3, height, width)`; clipped to [0, 1] and rounded to 8 bits first.
        qualities: one for each image, 1 to 100. The chroma of colour images is subsampled (4:2:0).

    Returns:
        float32 `(batch, channels, height, width)` in [0, 1].

    Raises:
        ImageError: the images are neither grey nor RGB, or too large for a JPEG.
    """
    check_jpeg(images.shape)
    # clipped and not wrapped round: 1.1 is white
    values = np.rint(np.clip(images, 0, 1, dtype=np.float32) * np.float32(255)).astype(np.uint8)
    files = (_through_a_file(image, quality) for image, quality in zip(values, qualities, strict=True))
    read = [file.reshape(values[0].shape) for file in files]
    return np.asarray(read, np.float32).reshape(images.shape) / np.float32(255)


def check_jpeg(shape: tuple[int, ...]) -> None:
    """Raise an ImageError if a JPEG cannot hold images `(batch, channels, height, width)`."""
    _, channels, height, width = shape
    if channels not in (1, 3):
        raise ImageError(
            f"jpeg noise is for grey and RGB images, of 1 or 3 channels; these have {channels}. "
            "Choose another kind of noise."
        )
    if max(height, width) > _LARGEST:
        raise ImageError(
            f"a JPEG has at most {_LARGEST:,} pixels a side; this image is {width:,} x {height:,}. "
            "Choose another kind of noise."
        )


def _through_a_file(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """uint8 `(channels, height, width)` to the same, compressed."""
    buffer = io.BytesIO()
    picture = Image.fromarray(image[0] if len(image) == 1 else np.ascontiguousarray(image.transpose(1, 2, 0)))
    picture.save(buffer, "JPEG", quality=quality)
    with Image.open(buffer, formats=["JPEG"]) as read:
        values = np.asarray(read)
    return values if values.ndim == 2 else values.transpose(2, 0, 1)
