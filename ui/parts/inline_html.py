"""Pictures and texts in the HTML that the app writes; pictures are data URLs of PNG."""

from __future__ import annotations

import base64
import html

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.image.mosaic import png

__all__ = ["DIFFERENCE", "error_map", "escaped", "picture", "signed_map"]

DIFFERENCE = {
    "less": (214, 51, 108),
    "more": (18, 152, 138),
}  # not a colour of any class
_ZERO = (255, 255, 255)  # the same on a light and on a dark page, so that "deeper" always means "more"


def escaped(text: object) -> str:
    """Text escaped for HTML, including braces and dollar signs, which gradio's templates would interpret."""
    return html.escape(str(text)).replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


def picture(image: Image.Image, words: str = "") -> str:
    """An `<img>` of a picture, lossless and enlarged without blur; `words` is its alternative text."""
    data = base64.b64encode(png(image)).decode("ascii")
    width, height = image.size
    return (
        f'<img class="small" src="data:image/png;base64,{data}" alt="{escaped(words)}" '
        f'style="aspect-ratio: {width} / {height}">'
    )


def error_map(image: NDArray[np.float32], other: NDArray[np.float32], full: float) -> Image.Image:
    """The absolute error at each pixel as a shade of one colour: white is 0, deeper is more.

    Args:
        image: float32 `(channels, height, width)` in [0, 1].
        other: likewise.
        full: the absolute error, as a mean over channels, that has the full colour.
    """
    return _tinted(np.abs(image - other).mean(0), full, DIFFERENCE["less"], DIFFERENCE["less"])


def signed_map(before: NDArray[np.float32], after: NDArray[np.float32], full: float) -> Image.Image:
    """The change at each pixel in two colours, one for darker, one for brighter: white is 0, deeper is more.

    Args:
        before: float32 `(channels, height, width)` in [0, 1].
        after: likewise.
        full: the change, as a mean over channels, that has the full colour.
    """
    return _tinted((after - before).mean(0), full, DIFFERENCE["less"], DIFFERENCE["more"])


def _tinted(
    values: NDArray[np.float32], full: float, below: tuple[int, ...], above: tuple[int, ...]
) -> Image.Image:
    colour = np.where(values[..., None] < 0, np.array(below), np.array(above))
    share = np.clip(np.abs(values) / max(full, 1e-6), 0, 1)[..., None]
    return Image.fromarray(np.rint(_ZERO + share * (colour - np.array(_ZERO))).astype(np.uint8))
