"""Progress bars on stderr."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "console"]


def console() -> Console:
    """A rich console on stderr, where progress and messages go; stdout carries only the result."""
    return Console(stderr=True, highlight=False)


class Bar:
    """Shows training progress: epoch, loss, images per second, time left. A `diabolo.train.Callback`."""

    def __init__(self) -> None:
        self._console = console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[loss]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._loading = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=self._console
        )
        self._epochs = self._done = self._images = 0
        self._began = time.perf_counter()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for progress in (self._loading, self._progress):
            _end(progress)

    def note(self, text: str) -> None:
        """Print a line."""
        with suppress(OSError):  # the terminal may be closed by now, which must not stop the training
            self._console.print(text, markup=False, soft_wrap=True)

    def loading(self, what: str, done: int, total: int) -> None:
        """Show the progress of reading data."""
        if not self._loading.tasks:
            self._loading.add_task(what, total=total or None)
            self._loading.start()
        self._loading.update(self._loading.tasks[0].id, description=what, completed=done, total=total or None)

    def start(self, images: int, epochs: int, done: float) -> None:
        """Start the bar of the training."""
        _end(self._loading)
        self._epochs, self._done = epochs, int(done)
        self._began = time.perf_counter()
        self._progress.add_task(
            f"epoch {self._done + 1}/{epochs}",
            total=images * epochs,
            completed=round(images * done),
            loss="",
            speed="",
        )
        self._progress.start()

    def step(self, images: int, loss: float | None) -> None:
        """Advance the bar by one batch."""
        task = self._progress.tasks[0].id
        self._images += images
        self._progress.advance(task, images)
        if loss is not None:
            speed = self._images / max(1e-9, time.perf_counter() - self._began)
            self._progress.update(task, loss=f"loss {loss:.4g}", speed=f"{speed:,.0f} images/s")

    def epoch(self, row: dict[str, float]) -> None:
        """Print the figures of an epoch above the bar."""
        self._done = int(row["epoch"])
        figures = "  ".join(f"{name} {value:.5g}" for name, value in row.items() if name != "epoch")
        line = f"epoch {self._done}/{self._epochs}  {figures}"
        with suppress(OSError):
            self._progress.console.print(line, markup=False, soft_wrap=True)
        following = min(self._done + 1, self._epochs)
        self._progress.update(self._progress.tasks[0].id, description=f"epoch {following}/{self._epochs}")


def _end(progress: Progress) -> None:
    if progress.live.is_started:  # stopping a bar that was never started prints an empty line
        with suppress(OSError):
            progress.stop()
