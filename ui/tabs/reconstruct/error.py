"""The error of a reconstruction at each pixel, as a picture, and the legend to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.photo import Photo
from diabolo.ui.parts.inline_html import signed_map

__all__ = ["FULL", "error_legend", "photo_error"]

FULL = 0.5
"""The error that has the full colour, the same for every picture and model."""

_ROWS = 256  # of a photograph, computed at a time: no large copies in floats


def photo_error(seen: Photo, result: Photo) -> Photo:
    """The `signed_map` of a photograph and what a model made of it, at its own size.

    Args:
        seen: the photograph.
        result: of the same size and type.
    """
    height, width = seen.pixels.shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _ROWS):
        some = np.s_[top : top + _ROWS]
        out[some] = np.asarray(signed_map(_values(seen, some), _values(result, some), FULL))
    return Photo(pixels=out)


def error_legend(say: Mapping[str, str]) -> str:
    """The legend as HTML; `say` are the texts of the tab in one language."""
    return (
        f'<div class="error-legend"><span>{say["darker"]}</span><i></i><span>{say["brighter"]}</span>'
        f"<small>{say['scale'].format(full=FULL)}</small></div>"
    )


def _values(photo: Photo, rows: slice) -> NDArray[np.float32]:
    values = photo.pixels[rows].transpose(2, 0, 1).astype(np.float32)
    return values / np.float32(photo.peak)
