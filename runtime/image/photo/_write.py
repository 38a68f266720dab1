"""Write a photograph in its format, with what its file said."""

from __future__ import annotations

import functools
import io
import os
import secrets
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from diabolo.runtime import _durable
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.photo._about import jpeg_settings
from diabolo.runtime.image.photo._photo import JpegSettings, Metadata, Photo
from diabolo.runtime.image.photo._png import write_png
from diabolo.runtime.image.photo._tiff import write_tiff

__all__ = ["FORMATS", "encode_photo", "write_photo"]

FORMATS = {  # with the endings of file names; the first one is usual
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
}
_QUALITY = 92  # of a JPEG, at least
_WEBP_QUALITY = 95  # a file does not say which quality it has
_SEGMENT = 65_000  # bytes of EXIF or XMP that a JPEG can hold, about


def write_photo(photo: Photo, path: str | os.PathLike[str], *, strip: bool = False) -> None:
    """Write a photograph; a file of that name is replaced when the new one is complete.

    Args:
        photo: written in its `format`, whatever the file's name.
        path: of the file.
        strip: leave out EXIF, XMP and comments; ICC profile and resolution stay.

    Raises:
        ImageError: the format cannot hold a picture of this size.
        OSError: the file cannot be written.
    """
    target = Path(path)
    encoded = encode_photo(photo, strip=strip)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}{_durable.PART}")
    with _durable.replacing(target, temporary):
        temporary.write_bytes(encoded)


def encode_photo(photo: Photo, *, strip: bool = False) -> bytes:
    """The bytes of a photograph's file, in its `format`.

    PNG, TIFF and lossless WebP hold the pixels as they are. A JPEG keeps the quantisation tables and the
    subsampling of the file it came from, with finer steps where those are coarser than quality 92.

    Args:
        photo: the photograph.
        strip: leave out EXIF, XMP and comments; ICC profile and resolution stay.

    Raises:
        ImageError: the format cannot hold a picture of this size.
    """
    metadata = photo.metadata.stripped() if strip else photo.metadata
    photo = photo.in_format(photo.format)
    file = io.BytesIO()
    if photo.format == "PNG":
        write_png(photo, file, metadata)
    elif photo.format == "TIFF":
        write_tiff(photo, file, metadata)
    else:
        _save(photo, file, metadata)
    return file.getvalue()


def _save(photo: Photo, file: IO[bytes], metadata: Metadata) -> None:
    settings = _jpeg(photo, metadata) if photo.format == "JPEG" else _webp(photo, metadata)
    try:
        _picture(photo).save(file, photo.format, **settings)
    except (OSError, ValueError) as error:  # JPEG has at most 65,535 pixels a side, WebP 16,383
        width, height = photo.size
        raise ImageError(
            f"a picture of {width:,} x {height:,} pixels cannot be written as {photo.format}: {error}. "
            "Write a .png or .tiff."
        ) from None


def _picture(photo: Photo) -> Image.Image:
    samples = photo.pixels
    if photo.alpha is not None:
        samples = np.concatenate([samples, photo.alpha[..., None]], axis=2)
    # its mode follows from the channels: L, LA, RGB or RGBA
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)


def _jpeg(photo: Photo, metadata: Metadata) -> dict[str, Any]:
    settings: dict[str, Any] = {"quality": _QUALITY, "subsampling": 0}
    if photo.jpeg and photo.jpeg.tables:
        settings = {
            "qtables": [list(table) for table in _fine_tables(photo.jpeg)],
            "subsampling": photo.jpeg.subsampling,
            "progressive": photo.jpeg.progressive,
        }
    if metadata.icc:
        settings["icc_profile"] = metadata.icc
    if metadata.dpi:
        settings["dpi"] = metadata.dpi
    if metadata.exif and len(metadata.exif) < _SEGMENT:
        settings["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.xmp and len(metadata.xmp) < _SEGMENT:
        settings["xmp"] = metadata.xmp
    for key, text in metadata.comments:
        if key == "Comment":
            settings["comment"] = text.encode("latin-1", "replace")[:_SEGMENT]
    return settings


def _fine_tables(given: JpegSettings) -> list[tuple[int, ...]]:
    return [
        tuple(min(pair) for pair in zip(table, fine, strict=True))
        for table, fine in zip(given.tables, _usual_tables(), strict=False)
    ]


@functools.cache
def _usual_tables() -> tuple[tuple[int, ...], ...]:
    """The quantisation tables of brightness and colour at the lowest quality that is written."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=_QUALITY)
    with Image.open(file, formats=["JPEG"]) as picture:
        found = jpeg_settings(picture)
    return found.tables if found else ()


def _webp(photo: Photo, metadata: Metadata) -> dict[str, Any]:
    return {
        "lossless": photo.lossless,
        "quality": 80 if photo.lossless else _WEBP_QUALITY,  # lossless: the effort
        "exact": True,  # the colours of transparent pixels stay
        "icc_profile": metadata.icc or b"",
        "exif": metadata.exif or b"",
        "xmp": metadata.xmp or b"",
    }
