"""Convert pictures, files and arrays to the images that a model takes, and back.

A model takes float32 `(batch, channels, height, width)` in [0, 1]. Pictures (PIL images and files) are
resized to the model's size. Arrays must have that size already: they may hold data that must not be
resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image._gather import Picture, gather
from diabolo.runtime.image._open import open_image, reading
from diabolo.runtime.image.background import are_inverted, border_brightness
from diabolo.runtime.image.placement import Drawing, place_drawing
from diabolo.runtime.image.resize import (
    Colour,
    Span,
    check,
    coarsen,
    crop_box,
    fit,
    flatten,
)
from diabolo.runtime.image.tiles import scaled
from diabolo.runtime.image.treatment import crop_to_object, threshold_picture

__all__ = [
    "MODES",
    "Images",
    "Prepared",
    "as_batch",
    "check_channels",
    "open_image",
    "prepare",
    "to_floats",
    "to_pil",
    "to_uint8",
]

# Any stands for a tensor, or another object with the method `__array__`
Images: TypeAlias = Picture | NDArray[np.generic] | Sequence[Picture | NDArray[np.generic] | Any] | Any

MODES = {1: "L", 3: "RGB"}
"""Pillow's mode of a picture, by its channels."""

_INVERTED = [255 - value for value in range(256)]
# the width and the height of a picture as given, divided by those as reduced
_Scale = tuple[float, float]
_DETAIL = 16  # times the model's size, to which a picture may be reduced before it is cropped to its object


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A picture converted for a model, and the steps of the conversion.

    Attributes:
        image: float32 `(channels, height, width)` in [0, 1].
        steps: what was done, in order, as (name, detail): ('cropped', '480 x 480'), ('resized', '28 x 28'),
            ...
    """

    image: NDArray[np.float32]
    steps: tuple[tuple[str, str], ...]


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
    threshold: float | None = None,
    crop_object: bool = False,
    value_range: Span | None = None,
) -> Prepared:
    """Convert a picture for a model: orientation, transparency, colour, crop or padding, size, inversion.

    `invert`, `threshold` and `crop_object` treat pictures that look different from the training images, such
    as a photograph of a drawing on paper.

    Args:
        source: a PIL image, or a picture file, as in `open_image`.
        shape: `(channels, height, width)` of the model; 1 channel is grey, 3 are RGB.
        invert: whether to invert the picture. None inverts it if its background is bright and that of the
            model's images is dark, or vice versa (`are_inverted` of `runtime.image.background`).
        background: the brightness of the border of the model's images, in [0, 1]; used if `invert` is None.
        resize: 'crop', 'pad' or 'fit', as in RESIZE of `runtime.image.resize`.
        padding: the colour of the padding, and behind transparent pixels: red, green, blue, 0 to 255.
        ground: another colour behind transparent pixels: the paper of a drawing.
        drawing: given for a drawing, which is scaled and placed by `runtime.image.placement` first.
        threshold: the brightness in (0, 1) from which pixels become white; others become black.
        crop_object: whether to crop the picture to its object (`runtime.image.treatment`), after `threshold`.
        value_range: the grey values that become black and white in a picture of more than 8 bits; by default
            0 and 65535, or 0.0 and 1.0 for floats.

    Raises:
        ImageError: the source is not a picture, or the model has neither 1 nor 3 channels.
        UnknownNameError: `resize` is not one of the three.
        UsageError: `threshold` is not between 0 and 1.
    """
    channels, height, width = shape
    check_channels(shape)
    check(resize)
    steps: list[tuple[str, str]] = []
    enough = (_DETAIL * height, _DETAIL * width) if crop_object else (height, width)
    picture, scale = _flat(source, padding if ground is None else ground, enough, value_range, steps)
    if picture.mode != MODES[channels]:
        picture = picture.convert(MODES[channels])
        steps.append(("converted", "grey" if channels == 1 else "rgb"))
    picture = _treated(picture, (width, height), threshold, crop_object, scale, steps)
    if drawing is not None and (placed := place_drawing(picture, width, height, drawing)) is not None:
        picture = placed
        steps.append(("centred", ""))
    if resize != "pad":
        picture = _fit(picture, width, height, resize, padding, scale, steps)
    if invert or (invert is None and _is_inverted(picture, background)):
        picture = picture.point(_INVERTED * len(picture.getbands()))
        steps.append(("inverted", ""))
    if resize == "pad":  # last, so that the padding is not inverted and does not count as the border
        picture = _fit(picture, width, height, resize, padding, scale, steps)
    return Prepared(image=to_floats(picture), steps=tuple(steps))


def to_floats(picture: Image.Image) -> NDArray[np.float32]:
    """The values of a picture, float32 `(channels, height, width)` in [0, 1]."""
    values = np.asarray(picture, np.float32).reshape(picture.height, picture.width, -1) / np.float32(255)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def check_channels(shape: tuple[int, int, int]) -> None:
    """Check that pictures can have the channels of a model, 1 or 3; raises an ImageError."""
    channels, height, width = shape
    if channels not in MODES:
        raise ImageError(
            f"this model takes images of {channels} channels, which no picture has. "
            f"Give a float32 array (batch, {channels}, {height}, {width}) in [0, 1]."
        )


def _treated(
    picture: Image.Image,
    size: tuple[int, int],
    threshold: float | None,
    crop_object: bool,
    scale: _Scale,
    steps: list[tuple[str, str]],
) -> Image.Image:
    """The picture in black and white and cropped to its object, each if that was asked for."""
    if threshold is not None:
        picture = threshold_picture(picture, threshold)
        steps.append(("thresholded", f"{threshold:g}"))
    if crop_object and (cropped := crop_to_object(picture, *size)) is not None:
        picture = cropped
        steps.append(("object", f"{round(scale[0] * picture.width)} x {round(scale[1] * picture.height)}"))
    return picture


def _is_inverted(picture: Image.Image, background: float) -> bool:
    pixels = np.asarray(picture).reshape(1, picture.height, picture.width, -1)
    border = border_brightness(pixels.transpose(0, 3, 1, 2)) / 255
    return bool(are_inverted(border, background)[0])


def _flat(
    source: Picture,
    ground: Colour,
    size: tuple[int, int],
    span: Span | None,
    steps: list[tuple[str, str]],
) -> tuple[Image.Image, _Scale]:
    """The picture upright, in 8 bits, without transparency; and the factors by which it was reduced."""
    with reading(source) as picture:
        given = picture.size
        if not isinstance(source, Image.Image):  # the caller's image must not change
            coarsen(picture, size)
        flat = flatten(picture, ground, size, span)
        if picture.mode.startswith("I") or picture.mode == "F":
            steps.append(("converted", "8 bit"))
        elif picture.has_transparency_data:
            steps.append(("flattened", ""))
    across, down = given if _same_way(given, flat.size) else given[::-1]
    return flat, (across / flat.width, down / flat.height)


def _same_way(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes are both of tall pictures or both of wide ones: a photograph may be turned."""
    return (one[0] - one[1]) * (other[0] - other[1]) >= 0


def _fit(
    picture: Image.Image,
    width: int,
    height: int,
    resize: str,
    padding: Colour,
    scale: _Scale,
    steps: list[tuple[str, str]],
) -> Image.Image:
    if picture.size == (width, height):
        return picture
    across, down = picture.size
    if resize == "crop":
        left, top, right, bottom = crop_box(picture, width, height)
        across, down = max(1, round(right - left)), max(1, round(bottom - top))
        if (across, down) != picture.size:
            # in pixels of the picture as given: reduced, it may have slightly other proportions
            times = min(scale[0] * picture.width / width, scale[1] * picture.height / height)
            steps.append(("cropped", f"{max(1, round(times * width))} x {max(1, round(times * height))}"))
    if resize == "pad" and picture.width * height != picture.height * width:
        steps.append(("padded", ""))
    if (across, down) != (width, height):
        steps.append(("resized", f"{width} x {height}"))
    return fit(picture, width, height, resize, padding)


def as_batch(
    images: Images,
    shape: tuple[int, int, int],
    *,
    invert: bool | None = False,
    background: float = 0.0,
    resize: str = "crop",
    padding: Colour = (255, 255, 255),
    value_range: Span | None = None,
) -> NDArray[np.float32]:
    """Convert images of any kind to one batch.

    Args:
        images: one of these, or a sequence of them: a picture, as in `open_image`, which is converted as by
            `prepare`; a uint8 array `(h, w, c)` or `(n, h, w, c)` in [0, 255]; a float array `(c, h, w)` or
            `(n, c, h, w)` in [0, 1]. Arrays have the model's size; if c is 1, it may be left out. A tensor
            on the CPU, or any other object with the method `__array__`, counts as an array.
        shape: `(channels, height, width)` of the model.
        invert: True inverts all images; None inverts pictures that look inverted, as in `prepare`, but never
            arrays.
        background: the brightness of the border of the model's images, as in `prepare`.
        resize: how pictures are resized, as in `prepare`.
        padding: the colour of the padding, as in `prepare`.
        value_range: of pictures of more than 8 bits, as in `prepare`.

    Returns:
        float32 `(batch, channels, height, width)` in [0, 1].

    Raises:
        ImageError: an image has another size, type or range; the message says what is allowed.
    """

    def convert(picture: Picture) -> NDArray[np.float32]:
        return prepare(
            picture,
            shape,
            invert=invert,
            background=background,
            resize=resize,
            padding=padding,
            value_range=value_range,
        ).image

    return scaled(gather(images, shape, convert, invert=invert is True))


def to_uint8(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert float images to 8 bits, channels last.

    Args:
        images: float32 `(batch, channels, height, width)`; values are clipped to [0, 1].

    Returns:
        uint8 `(batch, height, width, channels)`, rounded.
    """
    return (np.clip(images, 0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)


def to_pil(images: NDArray[np.float32]) -> list[Image.Image]:
    """Convert float images to PIL images, in mode L or RGB.

    Args:
        images: float32 `(batch, 1 or 3, height, width)`; values are clipped to [0, 1].

    Raises:
        ImageError: the images have another number of channels.
    """
    if images.ndim != 4 or images.shape[1] not in MODES:
        raise ImageError(
            "only images (batch, 1 or 3, height, width) can be converted to pictures, not an array of shape "
            f"{images.shape}."
        )
    return [Image.fromarray(a[..., 0] if a.shape[-1] == 1 else a) for a in to_uint8(images)]
