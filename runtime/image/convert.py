"""From anything that is an image to what a model takes, and back.

Inside, images are float32 `(batch, channels, height, width)` in [0, 1]. Pictures (PIL images and files)
are fitted to the model's size; arrays must have it, since nobody knows what an array's values mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.background import border_brightness, opposed
from diabolo.runtime.image.placement import Drawing, centred
from diabolo.runtime.image.resize import Colour, check, check_pixels, coarsen, covering, fit, flatten, opened

__all__ = ["Images", "Prepared", "as_batch", "open_image", "prepare", "to_pil", "to_uint8"]

Picture: TypeAlias = Image.Image | str | os.PathLike[str]
Images: TypeAlias = Picture | NDArray[np.generic] | Sequence[Picture | NDArray[np.generic]]

_MODES = {1: "L", 3: "RGB"}
_SLACK = 1e-3  # float images may leave [0, 1] by this much, from arithmetic
_FLOAT32 = np.dtype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A picture as the model sees it, and what was done to it.

    Attributes:
        image: float32 `(channels, height, width)` in [0, 1].
        steps: what was done, in order: ('cropped', '480 x 480'), ('resized', '28 x 28'), ...
    """

    image: NDArray[np.float32]
    steps: tuple[tuple[str, str], ...]


def open_image(source: Picture) -> Image.Image:
    """A loaded picture, turned upright as its EXIF data say.

    Raises:
        ImageError: there is no such file or it is not a regular one (a named pipe, a device, a folder), it
            is no picture (PNG, JPEG, WebP, BMP, TIFF, GIF or PNM), or it has more than 100 million pixels.
    """
    with _reading(source) as picture:
        picture.load()
        from PIL import ImageOps  # arrays do without it

        return ImageOps.exif_transpose(picture)


@contextmanager
def _reading(source: Picture) -> Iterator[Image.Image]:
    """The picture, opened where it is a path; whatever goes wrong, here or in the block, is an ImageError."""
    what = "the picture" if isinstance(source, Image.Image) else str(source)
    try:
        if isinstance(source, Image.Image):
            check_pixels(source)
            yield source
        else:
            with opened(source) as picture:
                yield picture
    except FileNotFoundError:
        raise ImageError(f"there is no picture at {what!r}.") from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{what} cannot be read as a picture. Give a PNG, JPEG, WebP, BMP, TIFF, GIF or PNM file."
        ) from None
    except MemoryError:
        raise ImageError(f"{what} is too large for the memory. Give a smaller picture.") from None
    except Exception as error:
        # Pillow's decoders raise nearly anything on bad bytes: OSError, SyntaxError, struct.error, KeyError
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{what} cannot be read as a picture: {reason}. Give another.") from error


def prepare(
    source: Picture,
    shape: tuple[int, int, int],
    *,
    invert: bool | None = False,
    background: float = 0.0,
    resize: str = "crop",
    padding: Colour = (255, 255, 255),
    ground: Colour | None = None,
    drawing: Drawing | None = None,
) -> Prepared:
    """Fit a picture to a model: upright, no transparency, grey or colour, cropped or padded, resized.

    Args:
        source: a PIL image or the path of one.
        shape: `(channels, height, width)` of the model; 1 channel is grey, 3 are RGB.
        invert: swap dark and bright; None decides it: when the picture's border is bright and the
            model's images have a dark background, or the other way round (`runtime.background`).
        background: the brightness of the border of the model's images, in [0, 1], by which that is decided.
        resize: crop, pad or fit, as in `runtime.fitting`.
        padding: the colour around a picture that is padded, and under what is transparent.
        ground: another colour under what is transparent: a drawing's paper.
        drawing: the picture is drawn, and placed as `runtime.centring` does it before it is fitted.

    Raises:
        UnknownNameError: `resize` is none of them.
        ImageError: not a picture, or the model has neither 1 nor 3 channels.
    """
    channels, height, width = shape
    if channels not in _MODES:
        raise ImageError(
            f"this model takes images of {channels} channels, which no picture has. "
            f"Give a float32 array (batch, {channels}, {height}, {width}) in [0, 1]."
        )
    check(resize)
    steps: list[tuple[str, str]] = []
    picture, scale = _flat(source, padding if ground is None else ground, (height, width), steps)
    if picture.mode != _MODES[channels]:
        picture = picture.convert(_MODES[channels])
        steps.append(("converted", "grey" if channels == 1 else "rgb"))
    if drawing is not None and (placed := centred(picture, width, height, drawing)) is not None:
        picture = placed
        steps.append(("centred", ""))
    if resize != "pad":
        picture = _fit(picture, width, height, resize, padding, scale, steps)
    if invert is None:
        pixels = np.asarray(picture).reshape(1, picture.height, picture.width, channels)
        border = border_brightness(pixels.transpose(0, 3, 1, 2)) / 255
        invert = bool(opposed(border, background)[0])
    if invert:
        from PIL import ImageOps

        picture = ImageOps.invert(picture)
        steps.append(("inverted", ""))
    if resize == "pad":  # last, so that the padding is neither looked at nor inverted
        picture = _fit(picture, width, height, resize, padding, scale, steps)
    values = np.asarray(picture, np.float32).reshape(height, width, channels) / np.float32(255)
    return Prepared(image=np.ascontiguousarray(values.transpose(2, 0, 1)), steps=tuple(steps))


def _flat(
    source: Picture, ground: Colour, size: tuple[int, int], steps: list[tuple[str, str]]
) -> tuple[Image.Image, float]:
    """The picture upright, 8 bits, without transparency; and how many times larger it was before."""
    with _reading(source) as picture:
        longest = max(picture.size)
        if not isinstance(source, Image.Image):  # the caller's own must stay as it is
            coarsen(picture, size)
        flat = flatten(picture, ground, size)
        if picture.mode.startswith("I") or picture.mode == "F":
            steps.append(("converted", "8 bit"))
        elif picture.has_transparency_data:
            steps.append(("flattened", ""))
    return flat, longest / max(flat.size)


def _fit(
    picture: Image.Image,
    width: int,
    height: int,
    resize: str,
    padding: Colour,
    scale: float,
    steps: list[tuple[str, str]],
) -> Image.Image:
    if picture.size == (width, height):
        return picture
    across, down = picture.size
    if resize == "crop":
        left, top, right, bottom = covering(picture, width, height)
        across, down = max(1, round(right - left)), max(1, round(bottom - top))
        if (across, down) != picture.size:
            shown = f"{max(1, round(scale * (right - left)))} x {max(1, round(scale * (bottom - top)))}"
            steps.append(("cropped", shown))
    if resize == "pad" and picture.width * height != picture.height * width:
        steps.append(("padded", ""))
    if (across, down) != (width, height):
        steps.append(("resized", f"{width} x {height}"))
    return fit(picture, width, height, resize, padding)


def as_batch(
    images: Images,
    shape: tuple[int, int, int],
    *,
    resize: str = "crop",
    padding: Colour = (255, 255, 255),
) -> NDArray[np.float32]:
    """Any images as one batch: float32 `(batch, channels, height, width)` in [0, 1].

    Args:
        images: a picture, its path, or a sequence of them (fitted to `shape` as by `prepare`);
            or arrays of the model's size: uint8 `(h, w)`, `(h, w, c)`, `(n, h, w)`, `(n, h, w, c)` in
            [0, 255], or float `(c, h, w)`, `(n, c, h, w)` in [0, 1].
        shape: `(channels, height, width)` of the model.
        resize, padding: how pictures are fitted, as in `prepare`.

    Raises:
        ImageError: another size, kind or range; the message says what is allowed.
    """
    if isinstance(images, np.ndarray):
        return _array_batch(images, shape)
    if isinstance(images, Image.Image | str | os.PathLike):
        images = [images]
    if not isinstance(images, Iterable):
        raise ImageError(f"images cannot be {type(images).__name__}. {_allowed(shape)}")

    def one(item: Picture | NDArray[np.generic]) -> NDArray[np.float32]:
        if isinstance(item, np.ndarray):
            return _array_batch(item, shape)
        if isinstance(item, Image.Image | str | os.PathLike):
            return prepare(item, shape, resize=resize, padding=padding).image[None]
        raise ImageError(f"an image cannot be {type(item).__name__}. {_allowed(shape)}")

    items = [one(item) for item in images]
    return np.concatenate(items) if items else np.empty((0, *shape), np.float32)


def _array_batch(array: NDArray[np.generic], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    if array.dtype is _FLOAT32 and array.ndim == 4 and array.shape[1:] == shape and array.flags.c_contiguous:
        return _checked(
            cast("NDArray[np.float32]", array)
        )  # as the graphs take it, thousands of times a second
    channels, height, width = shape
    if array.dtype == np.uint8:
        if array.ndim <= 4 and array.shape[-3:] == (height, width, channels):
            stacked = array.reshape(-1, height, width, channels)
        elif channels == 1 and array.shape[-2:] == (height, width) and array.ndim <= 3:
            stacked = array.reshape(-1, height, width, 1)
        else:
            raise ImageError(f"a uint8 array of shape {array.shape} does not fit. {_allowed(shape)}")
        return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageError(f"an array of {array.dtype} is neither uint8 nor float. {_allowed(shape)}")
    if array.shape[-3:] != shape or array.ndim > 4:
        raise ImageError(f"a float array of shape {array.shape} does not fit. {_allowed(shape)}")
    return _checked(np.ascontiguousarray(array.reshape(-1, *shape), np.float32))


def _checked(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same float images, all in [0, 1]."""
    if not batch.size:
        return batch
    flat = batch.ravel()
    low, high = flat[flat.argmin()], flat[flat.argmax()]  # several times faster than min() and max()
    if low >= -_SLACK and high <= 1 + _SLACK:  # a NaN is neither
        return batch
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("images hold values that are not numbers (NaN or infinite).")
    raise ImageError(
        f"float images must lie in [0, 1]; these go from {low:g} to {high:g}. "
        "Divide 8-bit values by 255, or give them as uint8 (height, width, channels)."
    )


def _allowed(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return (
        "Give pictures (PIL images or paths, any size), uint8 arrays "
        f"([n,] {height}, {width}, {channels}) or float arrays "
        f"([n,] {channels}, {height}, {width}) in [0, 1]."
    )


def to_uint8(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8 `(batch, height, width, channels)` of float images `(batch, channels, height, width)`."""
    return (np.clip(images, 0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)


def to_pil(images: NDArray[np.float32]) -> list[Image.Image]:
    """PIL images (grey or RGB) of float images `(batch, 1 or 3, height, width)` in [0, 1].

    Raises:
        ImageError: another number of channels.
    """
    if images.ndim != 4 or images.shape[1] not in _MODES:
        raise ImageError(f"only grey and RGB batches become pictures, not shape {images.shape}.")
    return [Image.fromarray(a[..., 0] if a.shape[-1] == 1 else a) for a in to_uint8(images)]
