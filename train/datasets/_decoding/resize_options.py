"""The settings that bring images to one size and kind: size, proportions, background, grey or colour."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image, ImageColor

from diabolo.runtime.image.resize import RESIZE, Colour, Span, fit
from diabolo.train.errors import OptionError
from diabolo.train.settings import Settings, setting

__all__ = ["RESIZE", "Fitting"]


def _size(text: str) -> tuple[int, int]:
    """`(height, width)` in a text such as `28` or `32x48`."""
    given = re.fullmatch("([0-9]{1,4})(?:x([0-9]{1,4}))?", text)
    if not given:
        raise ValueError
    return int(given[1]), int(given[2] or given[1])


def _written(size: tuple[int, int] | None) -> str | None:
    return size and "x".join(map(str, size))


def _span(text: str) -> Span | None:
    """The values in a text such as `0:4095`; None for 'full' and 'auto'."""
    if text in ("full", "auto"):
        return None
    low, high = (float(part) for part in text.split(":"))
    if not low < high or high - low == math.inf:  # false for a NaN, too
        raise ValueError
    return low, high


def _check_crop(crop: int | None) -> None:
    if crop is not None and crop % 8:
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Fitting(Settings):
    """How every image of a dataset is resized and converted.

    Raises:
        UnknownNameError, OptionError: a value that is not allowed.
    """

    image_size: tuple[int, int] | None = setting(  # height, width
        None,
        "Resize images to this size, 8 to 256 pixels.",
        low=8,
        high=256,
        form="N or HxW, for instance 28 or 32x48, with sides from 8 to 256 pixels",
        parse=_size,
        write=_written,
        metavar="N|HxW",
        default_text="the dataset's own; for a folder the most common, at most 64",
    )
    crop: int | None = setting(
        None,
        "Keep the pictures at their own size, and train on square crops of this many pixels a side: each at "
        "a random place, mirrored and turned at random, anew in every epoch. For denoising and compression "
        "of photographs, with a network that takes any size.",
        low=16,
        high=512,
        unit="pixels",
        form="a multiple of 8 from 16 to 512",
        check=_check_crop,
        default_text="all images are resized to one size",
    )
    resize: str = setting(
        "crop", "; ".join(f"{how}: {what}" for how, what in RESIZE.items()) + ".", choices=tuple(RESIZE)
    )
    colour: bool | None = setting(  # None: grey where every image is
        None, "Convert all images to RGB, or to grey.", off="grey", default_text="grey if all images are"
    )
    background: str = setting(
        "white",
        "The colour under transparent pixels and around padded images: a name or #rrggbb.",
        check=ImageColor.getrgb,
        form="a colour: a name (white, black, grey) or #rrggbb",
    )

    range: str = setting(
        "full",
        "Which values of grey images of more than 8 bits become black and white. full: 0 and 65535, or 0.0 "
        "and 1.0 for floats; auto: the smallest and the largest value in the folder; or two numbers, 0:4095.",
        check=_span,
        form="full, auto or LOW:HIGH, such as 0:4095",
        metavar="full|auto|LOW:HIGH",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        given = {"--image-size": self.image_size is not None, "--resize": self.resize != "crop"}
        for option in (name for name, there in given.items() if there and self.crop is not None):
            raise OptionError(
                f"{option} resizes images, and --crop {self.crop} keeps them at their own size. "
                f"Leave {option} out, or --crop."
            )

    @property
    def span(self) -> Span | None:
        """The two numbers of `range`, if it has them."""
        return _span(self.range)

    @property
    def ground(self) -> Colour:
        """The background as RGB, 0 to 255."""
        red, green, blue = ImageColor.getrgb(self.background)[:3]
        return red, green, blue

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values, by which decoded images are found in the cache."""
        values = asdict(self)
        if self.range == "full":  # so that images decoded before there was a range are still found
            del values["range"]
        if self.crop is None:  # likewise
            del values["crop"]
        return values

    def apply(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        """Resize and convert an image.

        If `colour` is None, a grey image stays grey unless it is padded with a colour.

        Args:
            image: in mode L or RGB.
            size: `(height, width)` in pixels.
        """
        height, width = size
        padded = self.resize == "pad" and image.size != (width, height)
        if self.colour or (self.colour is None and padded and len(set(self.ground)) > 1):
            mode = "RGB"
        else:
            mode = image.mode if self.colour is None else "L"
        image = image if image.mode == mode else image.convert(mode)
        return fit(image, width, height, self.resize, self.ground)
