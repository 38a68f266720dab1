"""The errors of the commands and the app."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["OutputError", "PortError"]


class PortError(DiaboloError):
    """The app cannot listen where it was told to."""


class OutputError(DiaboloError):
    """A file cannot be written, or one that is there would be lost."""
