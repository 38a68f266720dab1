"""A progress bar for notebooks, with the notes of the training below it; `fit` uses it in a notebook.

It needs nothing but IPython, which every notebook has: https://ipython.readthedocs.io.
"""

from __future__ import annotations

import html
import importlib
import sys
import time
from typing import Any

from diabolo.train.callbacks import BaseCallback, Callback

__all__ = ["NotebookProgress", "default_callback"]

_EVERY = 0.5  # seconds between two updates


def default_callback() -> Callback:
    """The callback of a training that is given none: `NotebookProgress` in a notebook, else a silent one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    # a terminal's IPython has no kernel, and cannot show HTML
    return NotebookProgress() if getattr(shell, "kernel", None) else BaseCallback()


class NotebookProgress(BaseCallback):
    """Shows a progress bar, the figures of the last validation, and the notes, as one output of a cell."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._notes: list[str] = []
        self._what, self._figures = "", ""
        self._done = self._total = 0
        self._shown = 0.0

    def note(self, text: str) -> None:
        """Add a line."""
        self._notes.append(text)
        self._show()

    def loading(self, what: str, done: int, total: int) -> None:
        """Show the progress of reading data."""
        self._what, self._done, self._total = what, done, total
        self._show(at_once=done == total)

    def start(self, images: int, epochs: int, done: float) -> None:
        """Start the bar of the training."""
        self._what, self._done, self._total = "images", round(images * done), images * epochs
        self._show()

    def step(self, images: int, loss: float | None) -> None:
        """Advance the bar by one batch."""
        self._done += images
        self._show(at_once=False)

    def epoch(self, row: dict[str, float]) -> None:
        """Show the figures of an epoch."""
        self._figures = "  ".join(f"{name} {value:.5g}" for name, value in row.items())
        self._show()

    def page(self) -> str:
        """The HTML that is shown."""
        bar = f"<progress value='{self._done}' max='{self._total}'></progress> " if self._total else ""
        counted = f"{self._done:,} of {self._total:,} " if self._total else ""
        first = f"{bar}{counted}{html.escape(self._what)} {html.escape(self._figures)}"
        return "<br>".join([first, *map(html.escape, self._notes)])

    def _show(self, at_once: bool = True) -> None:
        now = time.monotonic()
        if not at_once and now - self._shown < _EVERY:
            return
        self._shown = now
        show: Any = importlib.import_module("IPython.display")  # there is one only where IPython runs
        if self._handle is None:
            self._handle = show.display(show.HTML(self.page()), display_id=True)
        else:
            self._handle.update(show.HTML(self.page()))
