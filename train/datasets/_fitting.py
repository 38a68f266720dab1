"""How images of any size and kind are brought to one: size, proportions, background, grey or colour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image, ImageColor

from diabolo.runtime.fitting import RESIZE, Colour, check, fit
from diabolo.train.errors import OptionError

__all__ = ["RESIZE", "Fitting"]


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """What is done to every image of a set.

    Raises:
        UnknownNameError, OptionError: a value that is not allowed.
    """

    image_size: tuple[int, int] | None = None  # (height, width) in pixels, 8 to 256; None: the set's own
    resize: str = "crop"  # one of RESIZE
    colour: bool | None = None  # True: RGB; False: grey; None: grey where every image is
    background: str = "white"  # under transparency and around what is padded: a name or #rrggbb

    def __post_init__(self) -> None:
        check(self.resize)
        try:
            self.ground  # noqa: B018 - for its check
        except ValueError:
            raise OptionError(
                f"background {self.background!r} is no colour. Give a name (white, black, grey) or #rrggbb."
            ) from None
        if self.image_size and not all(8 <= side <= 256 for side in self.image_size):
            height, width = self.image_size
            raise OptionError(
                f"image size {height} x {width} is not possible; sides go from 8 to 256 pixels."
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
