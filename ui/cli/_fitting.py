"""The options that say how images are brought to one size and colour, for the commands that load them."""

from __future__ import annotations

import re
from typing import Any

import click

from diabolo.runtime.errors import UsageError

__all__ = ["fitting", "options"]


def options() -> list[click.Option]:
    """`--image-size`, `--resize`, `--colour/--grey` and `--background`."""
    from diabolo.train.datasets import RESIZE

    return [
        click.Option(
            ["--image-size"],
            metavar="N|HxW",
            help="Bring images to this size, 8 to 256 pixels. "
            "[default: the dataset's own; in a folder the commonest, at most 64]",
        ),
        click.Option(
            ["--resize"],
            metavar="|".join(RESIZE),
            default="crop",
            show_default=True,
            help="; ".join(f"{how}: {what}" for how, what in RESIZE.items()) + ".",
        ),
        click.Option(
            ["--colour/--grey"],
            default=None,
            help="Make every image RGB, or grey. [default: grey where all of them are]",
        ),
        click.Option(
            ["--background"],
            default="white",
            show_default=True,
            help="Under transparent pixels and around padded images: a name or #rrggbb.",
        ),
    ]


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """What these options say, as arguments of `Config` and of `Fitting`."""
    size = _size(given["image_size"])
    return {"image_size": size, **{name: given[name] for name in ("resize", "colour", "background")}}


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    given = re.fullmatch("([0-9]{1,4})(?:x([0-9]{1,4}))?", text)
    if not given:
        raise UsageError(f"--image-size {text!r} is neither N nor HxW, for instance 28 or 32x48.")
    return int(given[1]), int(given[2] or given[1])
