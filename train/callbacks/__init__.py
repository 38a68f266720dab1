"""Whoever wants to see a training as it goes."""

from __future__ import annotations

from typing import Protocol

from diabolo.runtime._old_names import old_names

__all__ = ["BaseCallback", "Callback"]

__getattr__ = old_names(__name__, {"Silent": "BaseCallback", "Watcher": "Callback"})


class Callback(Protocol):
    """Whoever wants to see the training; every method may do nothing."""

    def note(self, text: str) -> None:
        """Something the user should know."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Data being fetched or decoded."""

    def start(self, images: int, epochs: int, done: float) -> None:
        """Training begins: images an epoch, epochs in all, epochs done before, with a fraction."""

    def step(self, images: int, loss: float | None) -> None:
        """A batch of `images` is done; `loss` now and then."""

    def epoch(self, row: dict[str, float]) -> None:
        """An epoch is done; `row` is its line of the history."""


class BaseCallback:
    """Sees nothing."""

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
