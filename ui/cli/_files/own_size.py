"""What differs between models of any size, which keep the size of pictures, and models of one size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from diabolo.runtime.errors import BundleError, UsageError

if TYPE_CHECKING:
    from diabolo.runtime.bundle.manifest import Manifest

__all__ = ["OwnSize", "note_scaled", "own_size", "takes_any_size"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_MAX_PIXELS = 200_000_000  # as in diabolo.runtime.image.photo, which --help does not wait for


@dataclass(frozen=True, kw_only=True)
class OwnSize:
    """The options for pictures at their own size, made by `own_size`.

    Attributes:
        strength: the share of the model's result in the output, from 0 to 1.
        strip: leave out EXIF, XMP and comments.
        tile: the side of the tiles, in pixels; None leaves it to the model.
        max_pixels: the most pixels of a picture; None for the usual bound.
    """

    strength: float
    strip: bool
    tile: int | None
    max_pixels: int | None

    def check_unused(self, noise: bool) -> None:
        """Check that none was given, since the model is of one size.

        Args:
            noise: whether a ready-made model that is named instead must remove noise.

        Raises:
            UsageError: one was given.
        """
        used = {
            "--strength": self.strength != 1,
            "--strip": self.strip,
            "--tile": self.tile is not None,
            "--max-pixels": self.max_pixels is not None,
        }
        if given := [name for name, is_used in used.items() if is_used]:
            raise UsageError(
                f"{', '.join(given)}: for models that keep the size of pictures, and this one does not. "
                + (_named(noise) or "Leave it out.")
            )


def own_size(command: _Command) -> _Command:
    """Add the options of `OwnSize`."""
    for option in (
        click.option(
            "--max-pixels",
            type=click.IntRange(1),
            metavar="N",
            help=f"Refuse pictures of more pixels, to save memory. [default: {_MAX_PIXELS}]",
        ),
        click.option(
            "--tile",
            type=click.IntRange(0),
            metavar="N",
            help="Side of the tiles in which a picture is processed, in pixels; 0: all at once. "
            "[default: by the picture's size]",
        ),
        click.option(
            "--strip", is_flag=True, help="Leave out EXIF, XMP and comments, not the colour profile."
        ),
        click.option(
            "--strength",
            type=click.FloatRange(0, 1),
            default=1.0,
            show_default=True,
            help="Share of the model's result; the rest is the picture as it was.",
        ),
    ):
        command = option(command)
    return command


def takes_any_size(m: Manifest) -> bool:
    """Whether the model keeps the size of pictures."""
    return m.any_size is not None


def note_scaled(count: int, m: Manifest, *, noise: bool) -> None:
    """Say that pictures were scaled, if `count` were, and which ready-made model would not have done it."""
    if count:
        _, height, width = m.image_shape
        told = f"note: this model takes {width} x {height}; your pictures are scaled to that. {_named(noise)}"
        click.echo(told.rstrip(), err=True)


def _named(noise: bool) -> str:
    """A sentence that names a ready-made model of any size; '' if there is none."""
    from diabolo.runtime.bundle import manifest, zoo

    for name in zoo.names():
        try:
            m = manifest.parse((zoo.folder(name) / "model.json").read_bytes())
        except (BundleError, OSError):  # damaged: its own error says so when it is used
            continue
        if takes_any_size(m) and (m.noise is not None or not noise):
            return f"The ready-made model {name} keeps their size."
    return ""
