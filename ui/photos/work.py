"""Reads a visitor's picture at its own size, and runs a model of any size over it in tiles, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.photo import Photo, process_photo, read_photo
from diabolo.runtime.image.photo.scene import scene
from diabolo.ui.files.incoming import MOST_PIXELS, pixels_of
from diabolo.ui.parts.context import Context

__all__ = ["LARGEST_AT_ONCE", "own_size_photo", "processed"]

LARGEST_AT_ONCE = 4_000_000  # pixels of a picture that a model must compute at once
_TILE = 512  # pixels of a tile's side: one to three seconds of a model that denoises well
_UPLOADED_TILE = 256  # of a visitor's model, whose calls have limits of time and memory
_WEIGHT = 16  # times the work that the app assumes for a pixel: these models are larger

Progress = Callable[[int, int], object]


def own_size_photo(source: Any) -> Photo:
    """A visitor's picture at its own size.

    Args:
        source: the path of a file, a drawing, or None for the app's own scene.

    Raises:
        ImageError: the file is not a picture, or has more pixels than the app takes; that is found by its
            header, before memory is allocated.
    """
    if source is None:
        return Photo(pixels=scene())
    if isinstance(source, Image.Image):
        return Photo(pixels=np.ascontiguousarray(np.asarray(source.convert("RGB"))))
    pixels_of(source)
    return read_photo(source, max_pixels=MOST_PIXELS)


def processed(
    context: Context, name: str, photo: Photo, progress: Progress, *, uploaded: bool = False
) -> Photo:
    """What the model called `name` makes of a photograph; after each tile others have their turn.

    Args:
        context: the app's context.
        name: of a model of any size.
        photo: the photograph.
        progress: called before and after each tile with the number of those that are done, and of all; it may
            raise to stop the work.
        uploaded: whether the model is a visitor's.

    Raises:
        ImageError: the photograph is too large to be computed at once, as this model must; and all that
            `process_photo` raises.
    """
    model = context.model(name)
    side = _side(model.manifest, photo, uploaded)
    width, height = photo.size
    across = 1 if model.manifest.image_shape[0] >= photo.pixels.shape[2] else photo.pixels.shape[2]
    tiles = across * (-(-width // side) * -(-height // side) if side else 1)
    done = 0

    def step(*_pixels: int) -> None:
        nonlocal done
        done += bool(_pixels)
        progress(done, max(done, tiles))

    in_turns = _InTurns(context=context, model=model, pixels=width * height, before=step)
    return process_photo(in_turns, photo, tile=side, progress=step)


def _side(m: Manifest, photo: Photo, uploaded: bool) -> int:
    """Of the tiles; 0 for the whole at once."""
    if m.any_size is not None and m.any_size.receptive_radius is not None:
        return max(_UPLOADED_TILE if uploaded else _TILE, m.any_size.multiple)
    width, height = photo.size
    if width * height > LARGEST_AT_ONCE:
        raise ImageError(
            f"this model cannot be computed in tiles, so a picture may have at most "
            f"{LARGEST_AT_ONCE / 1e6:.0f} million pixels, not {width * height / 1e6:.0f}. "
            "Give a smaller one, or choose another model."
        )
    return 0


@dataclass(frozen=True, kw_only=True)
class _InTurns:
    """A model that waits for a turn before each tile of a large picture."""

    context: Context
    model: Autoencoder
    pixels: int
    before: Callable[[], object]  # called when its turn has come

    @property
    def manifest(self) -> Manifest:
        """The model's."""
        return self.model.manifest

    def reconstruct_tiles(
        self, image: NDArray[Any], *, tile: int | None = None
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """As that of `Autoencoder`."""
        pieces, first = self.model.reconstruct_tiles(image, tile=tile), True
        while True:
            with self.context.turn(_WEIGHT, (self.pixels,), quiet=not first):
                self.before()
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
            first = False
