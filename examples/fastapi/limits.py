"""The limits of the service. Each one is an option of service.py."""

import argparse
from dataclasses import dataclass, field, fields
from typing import Any


def limit(default: float, about: str) -> Any:
    """A field with a default and its help text."""
    return field(default=default, metadata={"help": about})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a service; a request that exceeds one is refused with the reason."""

    most_pixels: int = limit(4_000_000, "pixels of a PNG or WebP; a JPEG may have four times as many")
    most_bytes: int = limit(8 * 2**20, "bytes of a request's body")
    photo_pixels: int = limit(24_000_000, "pixels of a photograph, for a model of any size")
    photo_bytes: int = limit(32 * 2**20, "bytes of a photograph's file, for a model of any size")
    body_seconds: float = limit(30, "seconds within which a body must arrive")
    held_bytes: int = limit(128 * 2**20, "bytes of all bodies in memory at the same time")
    waiting: int = limit(256, "requests that are being processed or waiting; further ones get 503")
    decoders: int = limit(2, "pictures that are decoded at the same time, each in a thread")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each limit, such as --most-pixels."""
    for each in fields(Limits):
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=_more_than_none(type(each.default)),
            default=each.default,
            metavar="N",
            help=f"{each.metadata['help']} (default: {each.default})",
        )


def chosen(options: argparse.Namespace) -> Limits:
    """The limits from the command line."""
    return Limits(**{each.name: getattr(options, each.name) for each in fields(Limits)})


def _more_than_none(kind: type) -> Any:
    def read(text: str) -> Any:
        number = kind(text)
        if not 0 < number < float("inf"):
            raise ValueError
        return number

    read.__name__ = "number above 0"  # argparse says: invalid number above 0 value
    return read
