"""Errors of the training floor; each message says what to do next."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError, UsageError

__all__ = ["DataError", "OptionError", "RunError", "StoppedError", "TrainingError"]


class DataError(DiaboloError):
    """A dataset is missing, cannot be fetched, or holds nothing that can be read."""


class OptionError(UsageError):
    """An option of a variant, network or training is out of its range."""


class RunError(DiaboloError):
    """A run folder exists already, is not a run, or is not complete."""


class StoppedError(DiaboloError):
    """Training was stopped on request; all is saved, and the message says how to continue."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # 1 after Ctrl-C, 128 and the signal's number after another one


class TrainingError(DiaboloError):
    """Training cannot go on: the loss is not a number, for instance."""
