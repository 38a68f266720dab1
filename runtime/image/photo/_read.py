"""Read a photograph: its pixels as they are, upright, and what its file says about them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import IO, Any, TypeAlias

import numpy as np
from PIL import Image

from diabolo.runtime.image import resize
from diabolo.runtime.image._open import reading
from diabolo.runtime.image.photo import _about, _exif, _wide
from diabolo.runtime.image.photo._modes import Plain, keyed, plain
from diabolo.runtime.image.photo._photo import Photo, Samples

__all__ = ["MAX_PIXELS", "format_of", "read_photo"]

MAX_PIXELS = 200_000_000  # by default; twice as many as where pictures are only reduced
_KEPT = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "TIFF": "TIFF"}
_Source: TypeAlias = str | os.PathLike[str] | bytes


def read_photo(source: _Source | IO[bytes], *, max_pixels: int | None = None) -> Photo:
    """Read a photograph at its own size, turned upright as its EXIF orientation says.

    Grey, transparency, and the 16 bits a channel of PNG and TIFF are kept. Palettes, CMYK and other colours
    become RGB; `notes` of the result says so.

    Args:
        source: a picture file, as in `runtime.image.convert.open_image`: its path, its bytes, or the file
            opened for reading bytes.
        max_pixels: a picture with more is refused by its header, before memory is allocated for it; None is
            `DIABOLO_MEGAPIXELS` if that is set, or else MAX_PIXELS.

    Raises:
        ImageError: there is no picture, it cannot be read, or it has too many pixels.
    """
    given = source if isinstance(source, str | bytes | os.PathLike) else source.read()
    most = resize.max_pixels(MAX_PIXELS) if max_pixels is None else max_pixels
    with reading(given, most) as picture:
        return _read(picture, given, most)


def format_of(source: _Source, *, max_pixels: int | None = None) -> str:
    """The format in which a photograph will be written, by its header; raises as `read_photo`."""
    most = resize.max_pixels(MAX_PIXELS) if max_pixels is None else max_pixels
    with reading(source, most) as picture:
        return _KEPT.get(picture.format or "", "PNG")


def _read(picture: Image.Image, source: _Source, most: int) -> Photo:
    kind = picture.format or "this format"
    about: dict[str, Any] = {"format": _KEPT.get(kind, "PNG")}
    notes = [] if kind in _KEPT else [f"{kind} is written as PNG"]
    if getattr(picture, "is_animated", False):
        notes.append("only the first picture of the file is processed")
    if kind == "WEBP":
        about["lossless"] = _about.is_lossless_webp(source)
    if kind == "TIFF":
        about["compressed"] = picture.info.get("compression", "raw") != "raw"
    if about["format"] == "JPEG":
        about["jpeg"] = _about.jpeg_settings(picture)
    exif = _exif.of_tiff(picture) if kind == "TIFF" else None
    found = _samples(picture, source, most)
    turn = _exif.orientation(picture)
    samples = _upright(found.samples, turn)
    channels = samples.shape[2]
    return Photo(
        pixels=np.ascontiguousarray(samples[..., : 1 if channels < 3 else 3]),
        alpha=np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None,
        floats=found.floats,
        metadata=_about.metadata(
            picture, same_colours=found.same_colours, exif=exif, turned=turn in (5, 6, 7, 8)
        ),
        notes=(*notes, *found.notes),
        **about,
    )


def _samples(picture: Image.Image, source: _Source, most: int) -> Plain:
    wide, inverted = _wide.is_wide(picture), _wide.is_white_zero(picture)
    premultiplied = wide and _wide.is_premultiplied(picture)
    reduced = picture.format == "TIFF" and not wide and _wide.has_more_bits(picture)
    both = _wide.take_half(picture, low=False) if wide else False
    resize.load(picture)
    if not wide:
        found = plain(picture, white_is_zero=inverted)
        return replace(found, notes=(*found.notes, "16 bits a channel become 8")) if reduced else found
    high = np.asarray(picture)
    samples = _wide.both_bytes(high) if both else _wide.join(high, _wide.lower_half(source, most))
    if premultiplied:
        _wide.unpremultiply(samples)
    return Plain(samples=keyed(samples, picture.info.get("transparency")))


def _upright(samples: Samples, orientation: int) -> Samples:
    """The samples turned and mirrored as an EXIF orientation says: a view."""
    transposed = samples.swapaxes(0, 1)
    turned = {
        2: samples[:, ::-1],
        3: samples[::-1, ::-1],
        4: samples[::-1],
        5: transposed,
        6: transposed[:, ::-1],
        7: transposed[::-1, ::-1],
        8: transposed[::-1],
    }
    return turned.get(orientation, samples)
