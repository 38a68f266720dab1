"""How images of any size and kind are brought to one: size, proportions, background, grey or colour."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image, ImageColor

from diabolo.runtime.image.resize import RESIZE, Colour, fit
from diabolo.train.settings import Settings, setting

__all__ = ["RESIZE", "Fitting"]


def _size(text: str) -> tuple[int, int]:
    """The (height, width) that `28` or `32x48` says."""
    given = re.fullmatch("([0-9]{1,4})(?:x([0-9]{1,4}))?", text)
    if not given:
        raise ValueError
    return int(given[1]), int(given[2] or given[1])


def _written(size: tuple[int, int] | None) -> str | None:
    return size and "x".join(map(str, size))


@dataclass(frozen=True, kw_only=True)
class Fitting(Settings):
    """What is done to every image of a set.

    Raises:
        UnknownNameError, OptionError: a value that is not allowed.
    """

    image_size: tuple[int, int] | None = setting(  # height, width
        None,
        "Bring images to this size, 8 to 256 pixels.",
        low=8,
        high=256,
        form="N or HxW, for instance 28 or 32x48, with sides from 8 to 256 pixels",
        parse=_size,
        write=_written,
        metavar="N|HxW",
        default_text="the dataset's own; in a folder the commonest, at most 64",
    )
    resize: str = setting(
        "crop", "; ".join(f"{how}: {what}" for how, what in RESIZE.items()) + ".", choices=tuple(RESIZE)
    )
    colour: bool | None = setting(  # None: grey where every image is
        None, "Make every image RGB, or grey.", off="grey", default_text="grey where all of them are"
    )
    background: str = setting(
        "white",
        "Under transparent pixels and around padded images: a name or #rrggbb.",
        check=ImageColor.getrgb,
        form="a colour: a name (white, black, grey) or #rrggbb",
    )

    @property
    def ground(self) -> Colour:
        """The background as RGB, 0 to 255."""
        red, green, blue = ImageColor.getrgb(self.background)[:3]
        return red, green, blue

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    def apply(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        """The image, in mode L or RGB, at `size`, `(height, width)` in pixels, and in the colours asked for.

        Where they are left open, grey stays grey unless it is padded with a colour.
        """
        height, width = size
        padded = self.resize == "pad" and image.size != (width, height)
        if self.colour or (self.colour is None and padded and len(set(self.ground)) > 1):
            mode = "RGB"
        else:
            mode = image.mode if self.colour is None else "L"
        image = image if image.mode == mode else image.convert(mode)
        return fit(image, width, height, self.resize, self.ground)
