"""Many small pictures as one, enlarged by whole numbers so that pixels stay squares."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from PIL import Image
from PIL.PngImagePlugin import PngInfo

__all__ = ["FRAME", "animation", "drawn", "enlargement", "pace", "png", "tiled"]

_LONGEST, FRAME = 1600, 280  # pixels of a picture's and of an animation's longest side, unless told

_LOOP = 1800  # milliseconds from one end to the other
_SHORTEST = 20  # milliseconds a frame: the shortest that browsers honour
_GIF_STEP = 10  # milliseconds: GIF counts in these


def enlargement(size: tuple[int, int], longest: int) -> int:
    """The whole number by which a picture `(width, height)` is enlarged to at most `longest` pixels."""
    return max(1, longest // max(size))


def tiled(pictures: Sequence[Image.Image], columns: int, scale: int = 1, gap: int = 0) -> Image.Image:
    """Pictures of one size and mode side by side, row after row.

    Args:
        pictures: at least one.
        columns: in a row.
        scale: how many times larger.
        gap: black pixels between them, before they are enlarged.
    """
    width, height = (side + gap for side in pictures[0].size)
    rows = -(-len(pictures) // columns)
    out = Image.new(pictures[0].mode, (width * columns - gap, height * rows - gap))
    for i, picture in enumerate(pictures):
        out.paste(picture, (i % columns * width, i // columns * height))
    return _larger(out, scale)


def png(picture: Image.Image, text: PngInfo | None = None) -> bytes:
    """A picture as a PNG that is written quickly.

    Only runs are packed: half the time for pixels enlarged to squares, and 10 % fewer bytes; a quarter of the
    time for a photograph, and 10 % more.

    Args:
        picture: of any mode that PNG has.
        text: what the file says about itself.
    """
    out = io.BytesIO()
    picture.save(out, "PNG", compress_type=zlib.Z_RLE, pnginfo=text)
    return out.getvalue()


def drawn(
    pictures: Sequence[Image.Image],
    kind: str,
    *,
    columns: int | None = None,
    scale: int | None = None,
    legs: int = 1,
) -> bytes:
    """Pictures of one size and mode as one file.

    Args:
        pictures: at least one.
        kind: 'PNG': all of them side by side; 'GIF' or 'WEBP': an animation there and back.
        columns: of a PNG, in a row; None puts all into one.
        scale: how many times larger; None makes it fit a screen.
        legs: of an animation, as `animation` takes them.
    """
    width, height = pictures[0].size
    if kind != "PNG":
        return animation(pictures, kind, scale or enlargement((width, height), FRAME), legs)
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    scale = scale or enlargement((width * columns, height * rows), _LONGEST)
    return png(tiled(pictures, columns, scale))


def animation(pictures: Sequence[Image.Image], kind: str, scale: int = 1, legs: int = 1) -> bytes:
    """An endless loop there and back.

    Args:
        pictures: of one size and mode.
        kind: 'GIF', which has 256 colours a frame, or 'WEBP', which has all of them.
        scale: how many times larger.
        legs: ways from one key picture to the next; each takes about two seconds.
    """
    # the colours of a GIF are chosen before it is enlarged: the same ones, in less time
    small = [_coloured(picture) if kind == "GIF" else picture for picture in pictures]
    more = {"lossless": True} if kind == "WEBP" else {}
    out = io.BytesIO()
    _larger(small[0], scale).save(
        out,
        kind,
        save_all=True,
        append_images=[_larger(frame, scale) for frame in (*small[1:], *small[-2:0:-1])],
        duration=pace(len(pictures), legs),
        loop=0,
        **more,
    )
    return out.getvalue()


def _coloured(picture: Image.Image) -> Image.Image:
    return picture.quantize(256, Image.Quantize.MEDIANCUT) if picture.mode == "RGB" else picture


def pace(count: int, legs: int = 1) -> int:
    """Milliseconds a picture, of so many on so many legs."""
    return max(_SHORTEST, round(_LOOP * legs / count / _GIF_STEP) * _GIF_STEP)


def _larger(picture: Image.Image, scale: int) -> Image.Image:
    if scale == 1:
        return picture
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
