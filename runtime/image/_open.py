"""Open pictures: files, bytes and PIL images; whatever Pillow raises becomes an ImageError."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image._gather import Picture
from diabolo.runtime.image.formats import hint
from diabolo.runtime.image.resize import check_pixels, opened

__all__ = ["open_image", "reading"]


def open_image(source: Picture) -> Image.Image:
    """Load a picture and rotate it as its EXIF orientation says.

    Args:
        source: a PIL image, or a PNG, JPEG, WebP, BMP, TIFF, GIF, PNM or other file in one of the formats of
            `diabolo.runtime.image.formats`: its path, its bytes, or the file opened for reading bytes.

    Raises:
        ImageError: the file does not exist, is not a regular file (but a named pipe, a device, a folder), is
            not a picture in one of these formats, or has too many pixels (100 million by default).
    """
    with reading(source) as picture:
        check_pixels(picture)
        picture.load()
        from PIL import ImageOps  # arrays do without it

        return ImageOps.exif_transpose(picture)


@contextmanager
def reading(source: Picture, most: int | None = None) -> Iterator[Image.Image]:
    """Open a picture; every exception, here or in the `with` block, becomes an ImageError.

    Args:
        source: as in `open_image`.
        most: how many pixels it may have, as in `runtime.image.resize.opened`.
    """
    what = name_of(source)
    try:
        if isinstance(source, Image.Image):
            check_pixels(source, most)
            yield source
        else:
            if isinstance(source, bytes | bytearray | memoryview):
                source = io.BytesIO(source)
            with opened(source, most) as picture:
                yield picture
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"there is no picture at {what!r}.") from None
    except UnidentifiedImageError:
        way = hint(os.path.splitext(what)[1])  # noqa: PTH122 - `what` need not be a path
        raise ImageError(
            f"{what} cannot be read as a picture. "
            + (
                f"To read such files: {way}."
                if way
                else "Give a PNG, JPEG, WebP, BMP, TIFF, GIF or PNM file."
            )
        ) from None
    except MemoryError:
        raise ImageError(f"{what} does not fit into memory. Give a smaller picture.") from None
    except Exception as error:
        # Pillow's decoders raise nearly anything on bad bytes: OSError, SyntaxError, struct.error, KeyError
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"{what} cannot be read as a picture: {reason}. Give another.") from error


def name_of(source: Picture) -> str:
    """What a message calls a picture."""
    if isinstance(source, Image.Image):
        return "the picture"
    if isinstance(source, bytes | bytearray | memoryview):
        return f"the picture of {len(source):,} bytes"
    if isinstance(source, str | os.PathLike):
        return str(source)
    return str(getattr(source, "name", "the opened file"))
