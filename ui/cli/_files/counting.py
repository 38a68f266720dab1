"""A counter on stderr for work on files whose number is not known in advance."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from contextlib import contextmanager

import click

from diabolo.runtime.listing import left_out, printable

__all__ = ["Counter", "counting"]


class Counter:
    """Counts what was done, and collects what was not.

    Attributes:
        done: how many.
        failed: what failed: file and reason.
        other: files in formats that are not read, by ending.
    """

    def __init__(self) -> None:
        self.done = 0
        self.other: collections.Counter[str] = collections.Counter()
        self.failed: list[tuple[str, str]] = []

    def add(self, count: int) -> None:
        """Add `count` to `done`."""
        self.done += count

    def part(self, file: str, done: int, total: int) -> None:
        """Show how far the work on one file is."""

    def fail(self, file: str, reason: str) -> None:
        """Note that this file was skipped."""
        self.failed.append((file, reason))


class _Shown(Counter):
    def __init__(self, what: str) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from diabolo.ui.cli._shared.progress import console

        super().__init__()
        printer = console()
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self.progress = Progress(
            *columns,
            console=printer,
            transient=True,
            disable=not printer.is_terminal,
            redirect_stdout=False,  # stdout is for the result
        )
        self._what, self._task = what, self.progress.add_task(what, total=None)

    def add(self, count: int) -> None:
        super().add(count)
        speed = self.done / max(1e-9, self.progress.tasks[0].elapsed or 0)
        self._show(f"({speed:,.0f}/s)" if speed >= 1 else "")

    def part(self, file: str, done: int, total: int) -> None:
        self._show(f"{printable(file)} {done / total:.0%}")

    def _show(self, more: str) -> None:
        self.progress.update(self._task, description=f"{self._what}: {self.done:,} {more}".rstrip())


@contextmanager
def counting(what: str) -> Iterator[Counter]:
    """Show the counter while the block runs; afterwards, even after Ctrl-C, list on stderr what failed."""
    counter = _Shown(what)
    try:
        with counter.progress:
            yield counter
    finally:
        for _, reason in counter.failed:
            click.echo(printable(reason), err=True)
        if note := left_out(counter.other):
            click.echo(f"note: {note}", err=True)
