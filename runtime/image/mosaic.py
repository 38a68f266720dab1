"""Mosaics and animations of small pictures, enlarged by whole factors so that pixels stay square."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diabolo.runtime._old_names import old_names

__all__ = ["FRAME", "animation", "enlargement", "frame_duration", "png", "render", "tiled"]

_LONGEST, FRAME = 1600, 280  # the longest side of a mosaic and of an animation in pixels, by default

_LEG = 1800  # milliseconds from one key picture to the next
_SHORTEST = 20  # milliseconds of a frame; browsers slow down shorter ones
_GIF_STEP = 10  # milliseconds; the unit of time in a GIF


def enlargement(size: tuple[int, int], longest: int) -> int:
    """The whole factor that enlarges a picture to at most `longest` pixels.

    Args:
        size: of the picture, `(width, height)` in pixels.
        longest: of the longer side of the result, in pixels.

    Returns:
        At least 1, even if the picture is larger.
    """
    return max(1, longest // max(size))


def tiled(pictures: Sequence[Image.Image], columns: int, scale: int = 1, gap: int = 0) -> Image.Image:
    """Arrange pictures in a mosaic, row by row.

    Args:
        pictures: of one size and mode, at least one.
        columns: pictures in a row.
        scale: the factor by which the mosaic is enlarged.
        gap: black pixels between pictures, before it is enlarged.
    """
    width, height = (side + gap for side in pictures[0].size)
    rows = -(-len(pictures) // columns)
    out = Image.new(pictures[0].mode, (width * columns - gap, height * rows - gap))
    for i, picture in enumerate(pictures):
        out.paste(picture, (i % columns * width, i // columns * height))
    return _larger(out, scale)


def png(picture: Image.Image, text: PngInfo | None = None) -> bytes:
    """Encode a picture as a PNG, quickly.

    The compression is limited to runs of equal bytes. Enlarged pixels take half the time and 10 % fewer
    bytes, a photograph a quarter of the time and 10 % more.

    Args:
        picture: of a mode that PNG supports.
        text: text chunks of the file.
    """
    out = io.BytesIO()
    picture.save(out, "PNG", compress_type=zlib.Z_RLE, pnginfo=text)
    return out.getvalue()


def render(
    pictures: Sequence[Image.Image],
    kind: str,
    *,
    columns: int | None = None,
    scale: int | None = None,
    legs: int = 1,
) -> bytes:
    """Encode pictures as one file.

    Args:
        pictures: of one size and mode, at least one.
        kind: 'PNG' for a mosaic; 'GIF' or 'WEBP' for an animation forwards and backwards.
        columns: of a PNG, pictures in a row; None puts all into one row.
        scale: the factor by which it is enlarged; None chooses one that fits a screen.
        legs: of an animation, as in `animation`.
    """
    width, height = pictures[0].size
    if kind != "PNG":
        return animation(pictures, kind, scale or enlargement((width, height), FRAME), legs)
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    scale = scale or enlargement((width * columns, height * rows), _LONGEST)
    return png(tiled(pictures, columns, scale))


def animation(pictures: Sequence[Image.Image], kind: str, scale: int = 1, legs: int = 1) -> bytes:
    """Encode an animation that plays forwards and backwards in an endless loop.

    Args:
        pictures: of one size and mode, at least one.
        kind: 'GIF', with 256 colours a frame, or 'WEBP', lossless.
        scale: the factor by which it is enlarged.
        legs: the number of legs, each from one key picture to the next; a leg takes about two seconds.
    """
    # a GIF's colours are chosen before the frames are enlarged: the result is the same and takes less time
    small = [_coloured(picture) if kind == "GIF" else picture for picture in pictures]
    more = {"lossless": True} if kind == "WEBP" else {}
    out = io.BytesIO()
    _larger(small[0], scale).save(
        out,
        kind,
        save_all=True,
        append_images=[_larger(frame, scale) for frame in (*small[1:], *small[-2:0:-1])],
        duration=frame_duration(len(pictures), legs),
        loop=0,
        **more,
    )
    return out.getvalue()


def _coloured(picture: Image.Image) -> Image.Image:
    return picture.quantize(256, Image.Quantize.MEDIANCUT) if picture.mode == "RGB" else picture


def frame_duration(count: int, legs: int = 1) -> int:
    """The duration of one frame of an animation, in milliseconds; a leg takes about two seconds.

    Args:
        count: frames from the first key picture to the last, at least 1.
        legs: from one key picture to the next.
    """
    return max(_SHORTEST, round(_LEG * legs / count / _GIF_STEP) * _GIF_STEP)


def _larger(picture: Image.Image, scale: int) -> Image.Image:
    if scale == 1:
        return picture
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


__getattr__ = old_names(__name__, {"drawn": "render", "pace": "frame_duration"})
