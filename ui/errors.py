"""The errors of the commands and the app."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError, GraphError, UsageError

__all__ = ["BusyError", "OutputError", "PortError", "RemovedError", "StoppedError"]


class PortError(DiaboloError):
    """The app cannot listen where it was told to."""


class OutputError(DiaboloError):
    """A file cannot be written, or one that is there would be lost."""


class StoppedError(GraphError):
    """A visitor's model took more than it may, or its process ended by itself."""


class BusyError(DiaboloError):
    """Too much is asked of visitors' models at the moment; another time it may go."""


class RemovedError(UsageError):
    """A model that a visitor brought is not kept any more."""
