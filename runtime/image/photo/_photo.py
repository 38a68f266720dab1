"""`Photo`: the pixels of a picture, and what its file says about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError

__all__ = ["JpegSettings", "Metadata", "Photo", "Samples"]

Samples: TypeAlias = NDArray[Any]  # uint8 or uint16


@dataclass(frozen=True, kw_only=True)
class JpegSettings:
    """How a JPEG was compressed.

    Attributes:
        tables: the quantisation tables of brightness and colour, 64 numbers each, row by row.
        subsampling: of the colour, by Pillow's number: 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0.
        progressive: whether it is a progressive JPEG.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    progressive: bool


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a file says besides its pixels. All of it but the colours and the resolution can be stripped.

    Attributes:
        icc: the ICC profile.
        colours: PNG chunks that say the same without a profile (gAMA, cHRM, sRGB): type and content.
        dpi: pixels per inch, across and down.
        exif: as a TIFF structure, without the prefix of JPEG files; upright.
        xmp: an XMP packet.
        comments: keyword and text; a JPEG's comment has the keyword 'Comment'.
    """

    icc: bytes | None = None
    colours: tuple[tuple[bytes, bytes], ...] = ()
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    comments: tuple[tuple[str, str], ...] = ()

    def stripped(self) -> Metadata:
        """Without EXIF, XMP and comments; the colours stay, which the pixels mean nothing without."""
        return Metadata(icc=self.icc, colours=self.colours, dpi=self.dpi)


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """A picture at its own size, upright. `read_photo` makes one.

    Attributes:
        pixels: `(height, width, channels)`, 1 channel (grey) or 3 (RGB); uint8, or uint16 for 16 bits.
        alpha: the opacity, `(height, width)`, of the same type as the pixels; None if there is none.
        format: in which it is written: 'JPEG', 'PNG', 'WEBP' or 'TIFF'.
        lossless: whether a WebP was compressed without loss.
        compressed: whether a TIFF was compressed.
        jpeg: how a JPEG was compressed.
        floats: whether the file had floating-point values, of which 1.0 became 65535.
        metadata: what else the file says.
        notes: what was converted, a clause each: 'BMP is written as PNG'.
    """

    pixels: Samples
    alpha: Samples | None = None
    format: str = "PNG"
    lossless: bool = True
    compressed: bool = True
    jpeg: JpegSettings | None = None
    floats: bool = False
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """`(width, height)` in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    @property
    def peak(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    def replaced(self, pixels: Samples, *notes: str) -> Photo:
        """The same photograph with other pixels.

        Args:
            pixels: `(height, width, channels)` of the same size and type; 1 or 3 channels.
            notes: clauses to add to those of the photograph.

        Raises:
            ImageError: the pixels have another size, type or number of channels.
        """
        good = pixels.ndim == 3 and pixels.shape[:2] == self.pixels.shape[:2] and pixels.shape[2] in (1, 3)
        if not good or pixels.dtype != self.pixels.dtype:
            raise ImageError(
                f"pixels of shape {pixels.shape} and type {pixels.dtype} cannot replace those of shape "
                f"{self.pixels.shape} and type {self.pixels.dtype}. Give the same size and type."
            )
        return replace(self, pixels=pixels, notes=(*self.notes, *notes))

    def in_format(self, format: str) -> Photo:
        """The photograph as it is to be written in another format; JPEG and WebP have 8 bits a channel.

        Args:
            format: 'JPEG', 'PNG', 'WEBP' or 'TIFF'.

        Raises:
            ImageError: a JPEG cannot have the transparency that the photograph has.
        """
        if format == "JPEG" and self.alpha is not None:
            raise ImageError("it has transparent pixels, which JPEG cannot hold. Write a .png or .webp.")
        changed = replace(self, format=format)
        if format in ("PNG", "TIFF") or self.pixels.dtype == np.uint8:
            return changed
        alpha = None if self.alpha is None else _eight_bits(self.alpha)
        note = f"16 bits a channel are reduced to 8 in a {format}"
        return replace(changed, pixels=_eight_bits(self.pixels), alpha=alpha, notes=(*self.notes, note))


def _eight_bits(samples: Samples) -> NDArray[np.uint8]:
    """Rounded; 65535 is 255 * 257."""
    out = np.empty(samples.shape, np.uint8)
    for row, given in zip(out, samples, strict=True):  # a row at a time: no large copy
        row[...] = (given.astype(np.uint32) + 128) // 257
    return out
