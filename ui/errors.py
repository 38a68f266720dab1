"""The errors of the commands and the app."""

from __future__ import annotations

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import DiaboloError, GraphError, UsageError

__all__ = ["BusyError", "ModelStoppedError", "OutputError", "PortError", "RemovedError"]


class PortError(DiaboloError):
    """The app cannot listen where it was told to."""


class OutputError(DiaboloError):
    """What is on the disk is in the way: a file cannot be written, or one that is there would be lost."""


class ModelStoppedError(GraphError):
    """A visitor's model took more than it may, or its process ended by itself."""


class BusyError(DiaboloError):
    """Too much is asked of visitors' models at the moment; another time it may go."""


class RemovedError(UsageError):
    """A model that a visitor brought is not kept any more."""


__getattr__ = old_names(__name__, {"StoppedError": "ModelStoppedError"})
