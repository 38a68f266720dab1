"""Prove a model of any size on pictures of awkward sizes: tiles give what the whole gives, up to rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.export.errors import ExportError
from diabolo.runtime.autoencoder import Autoencoder

__all__ = ["prove_tiles"]

_TOLERANCE = 1e-4
_SEED = 0


def prove_tiles(model: Autoencoder) -> None:
    """Compare tiles with the whole on noise, and change one pixel and look how far the change reaches.

    Args:
        model: an exported model; one of one size is left alone.

    Raises:
        ExportError: the tiles differ from the whole, or the change reaches farther than `receptive_radius`.
    """
    size = model.manifest.any_size
    if size is None or size.receptive_radius is None:
        return
    radius, channels = size.receptive_radius, model.manifest.image_shape[0]
    side = 2 * radius + 3 * size.multiple + 1  # its middle sees no edge
    image = np.random.default_rng(_SEED).random((1, channels, side, side + 2), np.float32)
    whole = model.reconstruct(image, tile=0)
    tiles = model.reconstruct(image, tile=max(16, size.multiple, radius // 2))
    if (found := float(np.abs(tiles - whole).max())) > _TOLERANCE:
        raise ExportError(
            f"tiles with a margin of {radius} pixels differ from the whole picture by {found:.2e}, more than "
            f"{_TOLERANCE:g}: the model depends on more than it seems to. Nothing was written."
        )
    row, column = (length // 2 for length in image.shape[2:])
    changed = image.copy()
    changed[..., row, column] = 1 - changed[..., row, column]
    reach = _reach(model.reconstruct(changed, tile=0) - whole, row, column)
    if reach > radius:
        raise ExportError(
            f"a changed pixel changes the result at a distance of {reach} pixels, and the receptive radius "
            "is "
            f"{radius}. Nothing was written."
        )


def _reach(difference: NDArray[np.float32], row: int, column: int) -> int:
    """How far from a pixel there is a difference, in rows or columns."""
    _, _, rows, columns = np.nonzero(np.abs(difference) > _TOLERANCE / 100)
    return int(max(np.abs(rows - row).max(initial=0), np.abs(columns - column).max(initial=0)))
