"""EXIF and XMP of a picture that was turned upright."""

from __future__ import annotations

import re
import struct
from contextlib import suppress

from PIL import Image

__all__ = [
    "DAMAGED",
    "DESCRIPTIVE",
    "EXIF_IFD",
    "GPS_IFD",
    "of_tiff",
    "orientation",
    "upright",
    "upright_xmp",
]

# what Pillow raises where EXIF is damaged, or holds values that it reads but cannot write
DAMAGED = (
    *(AssertionError, AttributeError, KeyError, OSError, OverflowError, SyntaxError, TypeError, ValueError),
    *(ZeroDivisionError, struct.error),
)

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
# The tags of a TIFF file that describe the photograph; others tell how its pixels are stored. In order:
# title, make and model of the camera, software, date, artist, computer, copyright; Windows' title, comment,
# author, keywords and subject.
DESCRIPTIVE = (
    *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298),
    *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
)
_PREFIX = b"Exif\0\0"
_ORIENTATION, _WIDTH, _HEIGHT = 0x0112, 0xA002, 0xA003
_UPRIGHT_XMP = (
    (rb'(tiff:Orientation=["\'])[0-9](["\'])', rb"\g<1>1\g<2>"),
    (rb"(<tiff:Orientation>)[0-9](</tiff:Orientation>)", rb"\g<1>1\g<2>"),
)


def upright(exif: bytes, *, turned: bool) -> bytes | None:
    """EXIF with the orientation 1 and without the thumbnail, which shows the picture as it was.

    The rest stays byte for byte, since makers' notes refer to places in it.

    Args:
        exif: with or without the prefix 'Exif' of JPEG files.
        turned: whether the picture was turned by 90 degrees; its width and height are then swapped.

    Returns:
        Without the prefix; None if this is not EXIF.
    """
    while exif.startswith(_PREFIX):
        exif = exif[len(_PREFIX) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    data = bytearray(exif)
    try:
        first = struct.unpack_from(f"{order}I", data, 4)[0]
        places = _entries(data, order, first)
        if _ORIENTATION in places:  # a SHORT, once
            struct.pack_into(f"{order}HIHH", data, places[_ORIENTATION] + 2, 3, 1, 1, 0)
        struct.pack_into(f"{order}I", data, first + 2 + 12 * _count(data, order, first), 0)
        if turned and EXIF_IFD in places:
            inner = _entries(data, order, struct.unpack_from(f"{order}I", data, places[EXIF_IFD] + 8)[0])
            if _WIDTH in inner and _HEIGHT in inner:
                one, other = (slice(inner[tag] + 2, inner[tag] + 12) for tag in (_WIDTH, _HEIGHT))
                data[one], data[other] = data[other], data[one]
    except struct.error:  # it ends too early
        return None
    return bytes(data)


def _count(data: bytearray, order: str, start: int) -> int:
    return int(struct.unpack_from(f"{order}H", data, start)[0])


def _entries(data: bytearray, order: str, start: int) -> dict[int, int]:
    """The place of each tag of the directory at `start`."""
    places = [start + 2 + 12 * number for number in range(_count(data, order, start))]
    if places and places[-1] + 12 > len(data):
        raise struct.error
    return {struct.unpack_from(f"{order}H", data, place)[0]: place for place in places}


def orientation(picture: Image.Image) -> int:
    """The orientation of a loaded picture, 1 to 8; 1 if there is none, or the EXIF is damaged."""
    value = 1
    with suppress(*DAMAGED):
        value = picture.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def of_tiff(picture: Image.Image) -> bytes | None:
    """The EXIF of an opened TIFF file, its pixels not yet read: the tags that describe the photograph."""
    given, kept = picture.getexif(), Image.Exif()
    for tag in DESCRIPTIVE:
        if tag in given:
            kept[tag] = given[tag]
    for tag in (EXIF_IFD, GPS_IFD):
        if inner := given.get_ifd(tag):
            kept[tag] = dict(inner)
    with suppress(*DAMAGED):
        return upright(kept.tobytes(), turned=False) if len(kept) else None
    return None


def upright_xmp(xmp: bytes) -> bytes:
    """XMP with the orientation 1, if it has any."""
    for pattern, new in _UPRIGHT_XMP:
        xmp = re.sub(pattern, new, xmp)
    return xmp
