"""Draw map.png: the codes of images in a plane, and the images that a two-dimensional latent decodes to."""

from __future__ import annotations

import io
import warnings
from math import prod

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import mosaic
from diabolo.runtime.image.convert import to_pil
from diabolo.train.evaluation.plots import latent_map

__all__ = ["latent_picture"]

_SIDE = 16  # rows and columns of the grid of decoded images
_TAILS = 0.01  # the share of the codes outside the grid, on each side
_DPI = 100


def latent_picture(model: Autoencoder) -> bytes | None:
    """Draw the bundle's codes by class; for a latent of two values, also a grid of decoded images.

    Args:
        model: the exported model.

    Returns:
        A PNG, or None if the bundle has no codes.
    """
    codes = model.codes
    if codes is None or len(codes.latents) < 2:
        return None
    flat = codes.latents.reshape(len(codes.latents), -1)
    with warnings.catch_warnings(), matplotlib.rc_context({"font.size": 9}):
        warnings.filterwarnings("ignore", "Glyph .* missing")  # it is drawn as a box
        figure = latent_map(flat, codes.labels, model.manifest.classes, "Codes of images")
        figure.set_dpi(_DPI)
        if prod(model.manifest.latent_shape) == 2 and model.manifest.image_shape[0] in (1, 3):
            _add_manifold(figure, model, flat)
        raw = io.BytesIO()
        figure.savefig(raw, format="png", bbox_inches="tight")
    out = io.BytesIO()
    Image.open(raw).convert("RGB").save(out, "PNG", optimize=True)
    return out.getvalue()


def _add_manifold(figure: Figure, model: Autoencoder, flat: NDArray[np.float32]) -> None:
    """Add a grid of images, decoded from the same plane, at the right of the map."""
    low, high = np.quantile(flat, [_TAILS, 1 - _TAILS], axis=0)
    across, up = (np.linspace(low[axis], high[axis], _SIDE) for axis in (0, 1))
    grid = np.stack(np.meshgrid(across, up[::-1]), -1).reshape(-1, *model.manifest.latent_shape)
    images = to_pil(model.decode(grid.astype(np.float32)))
    figure.set_size_inches(12.6, 5.4)
    figure.axes[0].set_position((0.05, 0.1, 0.4, 0.82))
    axes = figure.add_axes((0.57, 0.1, 0.4, 0.82))
    shown = mosaic.tiled(images, _SIDE)
    half = np.where(high > low, (high - low) / (_SIDE - 1), 1) / 2  # of a cell; its centre is decoded
    (left, bottom), (right, top) = low - half, high + half
    axes.imshow(
        np.asarray(shown),
        extent=(float(left), float(right), float(bottom), float(top)),
        vmin=0,
        vmax=255,
        aspect="auto",
        cmap="gray",
        interpolation="nearest",
    )
    axes.set(xlabel="latent 1", ylabel="latent 2", title="What the plane decodes to")
