"""Pictures of images in rows, for the labs."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.convert import to_pil
from diabolo.runtime.image.mosaic import tiled

__all__ = ["picture_grid"]

_WIDTH = 900  # pixels, about that of a notebook's cell
_GAP = 1  # pixel between images, before they are enlarged


def picture_grid(*rows: Any) -> Image.Image:
    """One picture of several rows of images, enlarged so that single pixels can be seen.

    Args:
        rows: each a batch `(n, channels, height, width)`: an array or a tensor, in [0, 1], or uint8 in
            [0, 255]. All of them have images of the same shape; a row may be shorter than the others.

    Raises:
        UsageError: there are no images, or their shapes differ.
    """
    batches = [_floats(row) for row in rows]
    if not batches or any(batch.ndim != 4 or not batch.size for batch in batches):
        found = ", ".join(str(batch.shape) for batch in batches) or "nothing"
        raise UsageError(f"picture_grid takes rows of images (n, channels, height, width), not {found}.")
    if len({batch.shape[1:] for batch in batches}) > 1:
        found = ", ".join(str(batch.shape[1:]) for batch in batches)
        raise UsageError(f"the images of picture_grid must have the same shape, not {found}.")
    columns = max(len(batch) for batch in batches)
    white = np.ones((1, *batches[0].shape[1:]), np.float32)
    filled = [np.concatenate([batch, *[white] * (columns - len(batch))]) for batch in batches]
    scale = max(1, _WIDTH // (columns * (batches[0].shape[3] + _GAP)))
    return tiled(to_pil(np.concatenate(filled)), columns, scale, _GAP)


def _floats(row: Any) -> Any:
    array = np.asarray(row.detach().cpu() if hasattr(row, "detach") else row)
    return array.astype(np.float32) / np.float32(255) if array.dtype == np.uint8 else array.astype(np.float32)
