"""The errors of the commands and the app."""

from __future__ import annotations

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import DiaboloError, GraphError, UsageError

__all__ = ["BusyError", "ModelStoppedError", "OutputError", "PortError", "RemovedError"]


class PortError(DiaboloError):
    """The app cannot listen on the requested host or port."""


class OutputError(DiaboloError):
    """An output file cannot be written, or would overwrite an existing one."""


class ModelStoppedError(GraphError):
    """A visitor's model exceeded a limit, or its process crashed."""


class BusyError(DiaboloError):
    """Visitors' models are busy; the caller may try again later."""


class RemovedError(UsageError):
    """A model that a visitor uploaded was removed."""


__getattr__ = old_names(__name__, {"StoppedError": "ModelStoppedError"})
