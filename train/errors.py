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


class TrainingError(DiaboloError):
    """Training cannot go on: the loss is not a number, for instance."""
