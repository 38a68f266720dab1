"""Models of any size that are not trained, and pictures for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.photo import Photo


class TiledModel:
    """Applies a function of float values to each tile, as an `Autoencoder` of any size its graphs."""

    def __init__(
        self, channels: int = 3, change: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda x: x
    ) -> None:
        any_size = SimpleNamespace(multiple=8, receptive_radius=16, latent_stride=4)
        self.manifest = SimpleNamespace(
            image_shape=(channels, 64, 64), any_size=any_size, noise=("gaussian", 0.0, 0.2), metrics={}
        )
        self.device = "the test's own"
        self.change = change
        self.seen: list[tuple[int, ...]] = []

    def reconstruct_tiles(
        self, image: NDArray[Any], *, tile: int | None = None
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        assert image.shape[0] == self.manifest.image_shape[0]
        self.seen.append(image.shape)
        side = tile or 256
        top_value = np.iinfo(image.dtype).max
        for top in range(0, image.shape[1], side):
            for left in range(0, image.shape[2], side):
                piece = image[:, top : top + side, left : left + side]
                yield top, left, self.change(piece.astype(np.float32) / np.float32(top_value))


def photo(
    height: int, width: int, channels: int = 3, *, bits: int = 8, alpha: bool = False, **more: Any
) -> Photo:
    """Random pixels; some of them are fully transparent if there is an alpha channel."""
    rng = np.random.default_rng(height * width)
    kind = {8: np.uint8, 16: np.uint16}[bits]
    top = np.iinfo(kind).max
    pixels = rng.integers(0, top + 1, (height, width, channels)).astype(kind)
    opacity = rng.choice([0, top // 3, top], (height, width)).astype(kind) if alpha else None
    return Photo(pixels=pixels, alpha=opacity, **more)
