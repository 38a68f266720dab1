"""Write TIFF files of 8 and 16 bits a channel; Pillow writes 16 bits of grey pictures only.

The format: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from typing import IO, Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.photo._exif import DAMAGED, DESCRIPTIVE, EXIF_IFD, GPS_IFD
from diabolo.runtime.image.photo._photo import Metadata, Photo, Samples
from diabolo.runtime.image.photo._strips import channels_of, rows_in_strip, strips

__all__ = ["write_tiff"]

_LARGEST = 2**32 - 2**20  # bytes of all strips: places in the file have 32 bits
_DEFLATE, _NONE = 8, 1


def write_tiff(photo: Photo, file: IO[bytes], metadata: Metadata) -> None:
    """Write a photograph as a TIFF file, in strips, compressed with deflate or not at all.

    Args:
        photo: of 8 or 16 bits, with or without alpha.
        file: opened for writing bytes, at its beginning.
        metadata: in the place of that of the photograph.

    Raises:
        ImageError: its pixels take more than 4 GB.
    """
    if photo.pixels.dtype == np.uint16 and channels_of(photo) == 2:
        # Pillow, and not only Pillow, cannot read 16-bit grey with alpha
        photo = photo.replaced(np.repeat(photo.pixels, 3, axis=2))
    pieces = list(_pieces(photo))
    if sum(map(len, pieces)) > _LARGEST:
        raise ImageError("it takes more than 4 GB, which TIFF cannot hold. Write a .png.")
    directory = ImageFileDirectory_v2()
    for tag, value in (_about(metadata) | _layout(photo, [len(piece) for piece in pieces])).items():
        directory[tag] = value
    directory.save(file)
    for piece in pieces:
        file.write(piece)


def _pieces(photo: Photo) -> Iterator[bytes]:
    for strip in strips(photo):
        if photo.compressed:
            yield zlib.compress(_differences(strip).tobytes())
        else:
            yield strip.astype(strip.dtype.newbyteorder("<"), copy=False).tobytes()


def _differences(strip: Samples) -> Samples:
    """Each sample less that of the pixel to its left (predictor 2), in the byte order of the file."""
    out = strip.astype(strip.dtype.newbyteorder("<"))
    out[:, 1:] -= strip[:, :-1]
    return out


def _layout(photo: Photo, lengths: list[int]) -> dict[int, Any]:
    """The tags that say how the pixels are stored; the places of the strips count from the first one."""
    channels = channels_of(photo)
    tags: dict[int, Any] = {
        256: photo.size[0],
        257: photo.size[1],
        258: (8 * photo.pixels.dtype.itemsize,) * channels,
        259: _DEFLATE if photo.compressed else _NONE,
        262: 2 if photo.pixels.shape[2] == 3 else 1,  # RGB, or grey with black as 0
        273: tuple(accumulate(lengths[:-1], initial=0)),
        274: 1,  # upright
        277: channels,
        278: rows_in_strip(photo),
        279: tuple(lengths),
        284: 1,  # interleaved
    }
    if photo.compressed:
        tags[317] = 2
    if photo.alpha is not None:
        tags[338] = 2  # the last sample is alpha, and colours are not multiplied with it
    return tags


def _about(metadata: Metadata) -> dict[int, Any]:
    tags: dict[int, Any] = _described(metadata.exif) if metadata.exif else {}
    if metadata.dpi:
        tags |= {282: metadata.dpi[0], 283: metadata.dpi[1], 296: 2}  # per inch
    if metadata.icc:
        tags[34675] = metadata.icc
    if metadata.xmp:
        tags[700] = metadata.xmp
    for _, text in metadata.comments:
        tags.setdefault(270, text)
    return {tag: value for tag, value in tags.items() if _is_writable(tag, value)}


def _described(exif: bytes) -> dict[int, Any]:
    given = Image.Exif()
    with suppress(*DAMAGED):
        given.load(exif)
        tags = {tag: given[tag] for tag in DESCRIPTIVE if tag in given}
        for tag in (EXIF_IFD, GPS_IFD):
            inner = given.get_ifd(tag)
            kept = {key: value for key, value in inner.items() if _is_writable(key, value, tag)}
            if kept:
                tags[tag] = kept
        return tags
    return {}


def _is_writable(tag: int, value: Any, group: int | None = None) -> bool:
    """Whether Pillow can write this value, which it may have read from a damaged file."""
    directory = ImageFileDirectory_v2(group=group)
    with suppress(*DAMAGED):
        directory[tag] = value
        directory.tobytes()
        return True
    return False
