"""Run a model of any size on pictures of any size: padded, in tiles where the whole takes too much memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._numbers import check_size, whole
from diabolo.runtime.bundle.manifest import AnySize, Manifest
from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image._array import Pixels
from diabolo.runtime.image.tiles import Tile, cut, pad, plan, scaled
from diabolo.runtime.session._graphs import Pair

__all__ = ["AnySizePair", "Progress"]

_Array: TypeAlias = NDArray[np.float32]
Progress = Callable[[int, int], object]
"""Called as `progress(done, total)` after each tile; an exception that it raises stops the work."""

_WHOLE = 1 << 20  # pixels of a picture that is computed at once
_SIDE = 384  # pixels of a tile's side, without its margin
_LEAST_SIDE = 16


class AnySizePair:
    """The two graphs of a model of any size, for images whose sides need not be multiples of anything.

    Images are uint8 in [0, 255] or float32 in [0, 1]. In tiles, only one of them is in floats at a time.

    Args:
        graphs: compute images whose sides are multiples.
        manifest: of the model, with `any_size`.
        any_size: `manifest.any_size`.
    """

    def __init__(self, graphs: Pair, manifest: Manifest, any_size: AnySize) -> None:
        self._graphs, self._size = graphs, any_size
        self._image_channels, self._latent_channels = manifest.image_shape[0], manifest.latent_shape[0]

    def encode(self, batch: Pixels, tile: int | None = None) -> _Array:
        """Encode images `(batch, channels, height, width)` to latents `(batch, c, rows, columns)`."""
        step = self._size.latent_stride
        height, width = (-(-side // self._size.multiple) * self._size.multiple for side in batch.shape[2:])
        tiles = self._tiles(height, width, tile)
        if len(tiles) == 1:
            return self._graphs.encode(pad(scaled(batch), self._size.multiple))
        out = np.empty((len(batch), self._latent_channels, height // step, width // step), np.float32)
        for image, latent in zip(batch, out, strict=True):
            for each in tiles:
                part = self._graphs.encode(cut(image, each)[None])[0]
                rows, columns = (_divided(span, step) for span in (each.rows, each.columns))
                inner = tuple(_divided(span, step) for span in each.inner)
                latent[:, rows, columns] = part[:, *inner]
        return out

    def decode(self, latents: _Array, tile: int | None = None) -> _Array:
        """Decode latents `(batch, c, rows, columns)` to images, whose sides are multiples."""
        step = self._size.latent_stride
        height, width = (side * step for side in latents.shape[2:])
        tiles = self._tiles(height, width, tile)
        if len(tiles) == 1:
            return self._graphs.decode(latents)
        out = np.empty((len(latents), self._image_channels, height, width), np.float32)
        for latent, image in zip(latents, out, strict=True):
            for each in tiles:
                rows, columns = (_divided(span, step) for span in (each.source_rows, each.source_columns))
                part = self._graphs.decode(np.ascontiguousarray(latent[None, :, rows, columns]))[0]
                image[:, each.rows, each.columns] = part[:, *each.inner]
        return out

    def reconstruct(self, batch: Pixels, tile: int | None = None, progress: Progress | None = None) -> _Array:
        """Encode and decode images `(batch, channels, height, width)`; the result has their size."""
        _check_progress(progress)
        tiles = self._tiles(batch.shape[2], batch.shape[3], tile)
        if len(tiles) == 1:
            height, width = batch.shape[2:]
            padded = pad(scaled(batch), self._size.multiple)
            result = self._graphs.reconstruct(padded)[:, :, :height, :width]
            if progress:
                progress(len(batch), len(batch))
            return np.ascontiguousarray(result)
        out = np.empty(batch.shape, np.float32)
        total = len(batch) * len(tiles)
        for number, (image, result) in enumerate(zip(batch, out, strict=True)):
            for done, (each, part) in enumerate(self._parts(image, tiles), number * len(tiles) + 1):
                result[:, each.rows, each.columns] = part
                if progress:
                    progress(done, total)
        return out

    def pieces(
        self, image: NDArray[Any], tile: int | None = None, progress: Progress | None = None
    ) -> Iterator[tuple[int, int, _Array]]:
        """Reconstruct one image piece by piece, see `Autoencoder.reconstruct_tiles`."""
        _check_progress(progress)
        _check_image(image, self._image_channels)
        return self._pieces(image, self._tiles(image.shape[1], image.shape[2], tile), progress)

    def _pieces(
        self, image: NDArray[Any], tiles: list[Tile], progress: Progress | None
    ) -> Iterator[tuple[int, int, _Array]]:
        for done, (each, part) in enumerate(self._parts(image, tiles), 1):
            yield each.rows.start, each.columns.start, part
            if progress:
                progress(done, len(tiles))

    def _parts(self, image: NDArray[Any], tiles: list[Tile]) -> Iterator[tuple[Tile, _Array]]:
        for each in tiles:
            result = self._graphs.reconstruct(cut(image, each)[None])[0]
            yield each, result[:, *each.inner]

    def _tiles(self, height: int, width: int, tile: int | None) -> list[Tile]:
        """The tiles of a picture; `tile` as in `Autoencoder.reconstruct`."""
        size = self._size
        check_size("the picture", 1, (max(self._image_channels, 1), height, width))
        if tile is None:
            side = 0 if height * width <= _WHOLE or size.receptive_radius is None else _SIDE
        else:
            side = whole("tile", tile, 0)
        if side and size.receptive_radius is None:
            raise UsageError(
                "this model cannot be computed in tiles: each pixel of its results depends on the whole "
                "picture. "
                "Leave tile out, or give 0."
            )
        if 0 < side < max(_LEAST_SIDE, size.multiple):
            least = max(_LEAST_SIDE, size.multiple)
            raise UsageError(
                f"tile must be 0, for the whole picture at once, or at least {least}, not {side}."
            )
        return plan(height, width, side, size.multiple, size.receptive_radius or 0)


def _check_progress(progress: Any) -> None:
    if progress is not None and not callable(progress):
        raise UsageError(
            f"progress must be a function of two numbers, done and total, not {type(progress).__name__}."
        )


def _check_image(image: NDArray[Any], channels: int) -> None:
    fits = isinstance(image, np.ndarray) and image.ndim == 3 and len(image) == channels and image.size
    if not fits or image.dtype.str[1:] not in ("u1", "u2", "f4"):
        found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageError(
            f"this takes one image ({channels}, height, width) of uint8, uint16 or float32, not {found}."
        )


def _divided(span: slice, step: int) -> slice:
    return slice(span.start // step, -(-span.stop // step))
