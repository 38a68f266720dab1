"""Errors of `diabolo.train`; each message says what to do next."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError, UsageError

__all__ = ["DataError", "OptionError", "RunError", "StoppedError", "TrainingError"]


class DataError(DiaboloError):
    """A dataset is missing, cannot be fetched, or has no readable images."""


class OptionError(UsageError):
    """An option of a variant, a network or a training has a value that is not allowed."""


class RunError(DiaboloError):
    """A run folder exists already, is not a run, or is not complete."""


class StoppedError(DiaboloError):
    """The training was stopped by a signal; it is saved, and the message says how to continue.

    Attributes:
        exit_code: for the command line: 1 after Ctrl-C, 128 plus the signal's number after another signal.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class TrainingError(DiaboloError):
    """The training cannot continue, for instance because the loss is not a number."""
