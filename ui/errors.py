"""The errors of the commands and the app."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["PortError"]


class PortError(DiaboloError):
    """The app cannot listen where it was told to."""
