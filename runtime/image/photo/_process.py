"""Run a model of any size over a photograph, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image.photo._photo import Photo, Samples
from diabolo.runtime.image.resize import Span

__all__ = ["Progress", "TileModel", "process_photo"]

Progress: TypeAlias = Callable[[int, int], object]  # pixels that are done, and all of them
_PEAK = 65535
_EACH_CHANNEL = "the model takes grey pictures: red, green and blue are processed one by one"


class TileModel(Protocol):
    """What is needed of a model; an `Autoencoder` of any size has it."""

    @property
    def manifest(self) -> Any:
        """Its `image_shape` gives the number of channels, `value_range` the grey values of 16 bits that it
        takes for black and white."""

    def reconstruct_tiles(
        self, image: NDArray[Any], *, tile: int | None = None
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """The pieces of the result for one image `(channels, height, width)`: top, left, values."""


def process_photo(
    model: TileModel,
    photo: Photo,
    *,
    strength: float = 1.0,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Photo:
    """Reconstruct a photograph, or denoise it, at its own size and in its number of bits.

    The alpha channel does not change. A grey photograph stays grey: a model of colours gets it in all three
    channels, and their mean is taken. A model of grey pictures gets each channel of a colour photograph.

    If the model has a `value_range`, a grey photograph of 16 bits is scaled from it, and the result back.
    Values beyond the range stay as far beyond it.

    There is no copy of the whole photograph in floats: the result takes as much memory as the photograph.

    Args:
        model: of any size, for 1 or 3 channels.
        photo: the photograph.
        strength: the share of the result in the output, from 0 (the photograph) to 1 (the result).
        tile: the side of the tiles in pixels, as in `Autoencoder.reconstruct`.
        progress: called after each piece with the number of pixels that are done, and of all pixels, those of
            a photograph processed channel by channel counted three times. An exception that it raises stops
            the work and reaches the caller.

    Raises:
        GraphError: onnxruntime cannot compute a graph.
        ImageError: the model has neither 1 nor 3 channels.
        UsageError: `strength` is not between 0 and 1.
    """
    if not 0 <= strength <= 1:  # NaN, too
        raise UsageError(f"strength must be between 0 (the picture) and 1 (the result), not {strength}.")
    takes, has = model.manifest.image_shape[0], photo.pixels.shape[2]
    if takes not in (1, 3):
        raise ImageError(f"this model takes images of {takes} channels, which no photograph has.")
    if strength == 0:
        return photo.replaced(photo.pixels)
    out = np.empty_like(photo.pixels)
    span = _span(model.manifest.value_range, photo)
    seen = photo.pixels if span is None else _stretched(photo.pixels, *span)
    # a view (channels, height, width) for each run of the model
    planes = seen.transpose(2, 0, 1)
    runs = [planes] if takes == has else [np.broadcast_to(plane, (takes, *plane.shape)) for plane in planes]
    total, done = len(runs) * out.shape[0] * out.shape[1], 0
    for number, given in enumerate(runs):
        part = out if takes >= has else out[..., number : number + 1]
        source = photo.pixels if takes >= has else photo.pixels[..., number : number + 1]
        for top, left, piece in model.reconstruct_tiles(given, tile=tile):
            place = np.s_[top : top + piece.shape[1], left : left + piece.shape[2]]
            part[place] = _mixed(piece, source[place], strength, photo.peak, span)
            done += piece.shape[1] * piece.shape[2]
            if progress is not None:
                progress(done, total)
    return photo.replaced(out, *([_EACH_CHANNEL] if takes < has else []))


def _span(value_range: Span | None, photo: Photo) -> Span | None:
    """The samples of a photograph that are black and white to the model; None for 0 and the peak."""
    if value_range is None or photo.pixels.dtype != np.uint16 or photo.pixels.shape[2] != 1:
        return None
    unit = photo.peak if photo.floats else 1
    return value_range[0] * unit, value_range[1] * unit


def _stretched(samples: Samples, low: float, high: float) -> Samples:
    """16-bit samples `(height, width, 1)` scaled, `low` to 0 and `high` to 65535, and clipped."""
    out = np.empty_like(samples)
    for row, given in zip(out, samples, strict=True):  # a row at a time: no large copy
        row[...] = np.rint(np.clip((given - low) * (_PEAK / (high - low)), 0, _PEAK))
    return out


def _mixed(
    piece: NDArray[np.float32], given: Samples, strength: float, peak: int, span: Span | None
) -> NDArray[np.float32]:
    """A piece of the result `(channels, h, w)` in [0, 1] as sample values `(h, w, channels)`, mixed."""
    values = piece.transpose(1, 2, 0)
    if values.shape[2] > given.shape[2]:
        values = values.mean(axis=2, keepdims=True)
    values = np.clip(values, 0, 1)
    if span is None:
        scaled = values * np.float32(peak)
    else:
        low, high = np.float32(span[0]), np.float32(span[1])
        beyond = given - np.clip(given, low, high)
        scaled = np.clip(values * (high - low) + low + beyond, 0, peak)
    if strength < 1:
        scaled = np.float32(strength) * scaled + np.float32(1 - strength) * given
    rounded: NDArray[np.float32] = np.rint(scaled)
    return rounded
