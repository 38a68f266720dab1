"""The user's picture on the map: as the page holds it, and what the model makes of it."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image import convert, mosaic

__all__ = ["PictureSource", "for_page", "prepared"]

PictureSource: TypeAlias = Image.Image | str | Path | NDArray[Any] | Mapping[str, Any] | None

_LONGEST = 512  # pixels; larger pictures are reduced, since the page holds them and sends them back
_ENCODED = 4 << 20  # characters, at most, of a picture that a client sends
_URL = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)", re.ASCII)
_ALLOWED = (
    "Give a PIL image, a path, a uint8 array (height, width) or (height, width, 3), "
    "or a float array (channels, height, width) in [0, 1]."
)


def for_page(picture: PictureSource, example: bool = False) -> dict[str, Any] | None:
    """A picture as the page holds it: `url`, a PNG as data URL, and whether it is `prepared`.

    Args:
        picture: a PIL image, a path, or a uint8 array `(height, width)` or `(height, width, 3 or 4)`, which
            the model's conversion fits to the model; a float array `(channels, height, width)` in [0, 1],
            taken as it is; an answer of this function; or None.
        example: whether it is only an example, which the page then says.

    Raises:
        ImageError: it is none of these, or cannot be read.
    """
    if picture is None or (isinstance(picture, Mapping) and not picture):
        return None
    if isinstance(picture, Mapping):
        _decoded(picture)
        return dict(picture)
    is_prepared = isinstance(picture, np.ndarray) and np.issubdtype(picture.dtype, np.floating)
    image = _as_image(picture)
    if max(image.size) > _LONGEST:
        image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BOX)
    data = base64.b64encode(mosaic.png(image)).decode("ascii")
    shown = {"url": f"data:image/png;base64,{data}", "prepared": bool(is_prepared)}
    return shown | ({"example": True} if example else {})


def _as_image(picture: Any) -> Image.Image:
    if isinstance(picture, np.ndarray):
        return _of_array(picture)
    if not isinstance(picture, Image.Image | str | Path):
        raise ImageError(f"a {type(picture).__name__} is not a picture. {_ALLOWED}")
    image = convert.open_image(picture)
    return image.copy() if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")


def _of_array(array: NDArray[Any]) -> Image.Image:
    if np.issubdtype(array.dtype, np.floating) and array.ndim == 3 and np.isfinite(array).all():
        return convert.to_pil(array[None].astype(np.float32))[0]
    if array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        return Image.fromarray(array)
    raise ImageError(f"an array {array.shape} of {array.dtype} is not a picture. {_ALLOWED}")


def prepared(picture: Any, model: Autoencoder) -> NDArray[np.float32]:
    """The picture as the model sees it: float32 `(1, channels, height, width)` in [0, 1].

    Args:
        picture: an answer of `for_page`, as a client sent it.
        model: a model.

    Raises:
        ImageError: it is not such a picture, or cannot be read.
    """
    image, m = _decoded(picture), model.manifest
    as_it_is = picture.get("prepared") is True and image.size == m.image_shape[:0:-1]
    invert = False if as_it_is else None
    return convert.prepare(image, m.image_shape, invert=invert, **m.preparation).image[None]


def _decoded(picture: Any) -> Image.Image:
    url = picture.get("url") if isinstance(picture, Mapping) else None
    found = _URL.fullmatch(url) if isinstance(url, str) and len(url) <= _ENCODED else None
    if found is None:
        raise ImageError(f"a picture must be a PNG as data URL of at most {_ENCODED >> 20} MB.")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(found[1], validate=True)), formats=["PNG"])
        if max(image.size) > _LONGEST:
            raise ImageError(f"a picture must have at most {_LONGEST} x {_LONGEST} pixels here.")
        image.load()
    except (OSError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError):
        raise ImageError("the picture is not a PNG that can be read.") from None
    return image
