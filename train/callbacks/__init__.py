"""Training callbacks: they are told how a training goes."""

from __future__ import annotations

from typing import Protocol

from diabolo.runtime._old_names import old_names

__all__ = ["BaseCallback", "Callback"]

__getattr__ = old_names(__name__, {"Silent": "BaseCallback", "Watcher": "Callback"})


class Callback(Protocol):
    """What `fit` and `resume` call; derive from `BaseCallback` to write only some of the methods."""

    def note(self, text: str) -> None:
        """Called with a message for the user."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Called while data are fetched or decoded.

        Args:
            what: is being done.
            done: how much, in any unit.
            total: in the same unit; 0 if it is not known.
        """

    def start(self, images: int, epochs: int, done: float) -> None:
        """Called before the first step.

        Args:
            images: per epoch.
            epochs: in total.
            done: epochs done before, with a fraction, by a run that is continued.
        """

    def step(self, images: int, loss: float | None) -> None:
        """Called after every step.

        Args:
            images: in the batch.
            loss: of a recent batch, in the variant's unit; None at most steps.
        """

    def epoch(self, row: dict[str, float]) -> None:
        """Called after every epoch, with its row of the history: the column names and their values."""


class BaseCallback:
    """A callback whose methods do nothing; derive from it and override some."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Do nothing."""

    def start(self, images: int, epochs: int, done: float) -> None:
        """Do nothing."""

    def step(self, images: int, loss: float | None) -> None:
        """Do nothing."""

    def epoch(self, row: dict[str, float]) -> None:
        """Do nothing."""
