"""How much a stranger may ask for. Each limit is an option of service.py."""

import argparse
from dataclasses import dataclass, field, fields
from typing import Any


def limit(default: float, about: str) -> Any:
    """A field with its help text."""
    return field(default=default, metadata={"help": about})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one service; every request beyond one is refused with the reason."""

    most_pixels: int = limit(4_000_000, "pixels of a PNG or WebP; a JPEG may have four times as many")
    most_bytes: int = limit(8 * 2**20, "bytes of a request's body")
    body_seconds: float = limit(30, "seconds within which a body must be here")
    held_bytes: int = limit(128 * 2**20, "bytes of all bodies that are held at the same time")
    waiting: int = limit(256, "requests that are worked on or wait; the next is asked to come again")
    decoders: int = limit(2, "pictures that are decoded at the same time, each in a thread")


def add_options(parser: argparse.ArgumentParser) -> None:
    """--most-pixels and so on."""
    for each in fields(Limits):
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=_more_than_none(type(each.default)),
            default=each.default,
            metavar="N",
            help=f"{each.metadata['help']} (default: {each.default})",
        )


def chosen(options: argparse.Namespace) -> Limits:
    """The limits on the command line."""
    return Limits(**{each.name: getattr(options, each.name) for each in fields(Limits)})


def _more_than_none(kind: type) -> Any:
    def read(text: str) -> Any:
        number = kind(text)
        if not 0 < number < float("inf"):
            raise ValueError
        return number

    read.__name__ = "number above 0"  # argparse says: invalid number above 0 value
    return read
