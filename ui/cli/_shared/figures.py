"""Prints the figures of a model as a table on stdout."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["show", "show_side_by_side"]


def show(figures: dict[str, Any]) -> None:
    """Print one line per figure; for a list of numbers its length and range, for a list of rows each row."""
    wide = max(len(name) for name in figures) + 2
    for name, value in figures.items():
        if not isinstance(value, list):
            click.echo(f"{name:{wide}}{value:.6g}")
        elif value and isinstance(value[0], dict):
            for row in value:
                inner = "  ".join(
                    f"{key} {each}" if isinstance(each, str) else f"{key} {each:.5g}"
                    for key, each in row.items()
                )
                click.echo(f"{name:{wide}}{inner}")
        elif value:
            click.echo(f"{name:{wide}}{len(value)} values from {min(value):.5g} to {max(value):.5g}")


def show_side_by_side(by_run: dict[str, dict[str, Any]]) -> None:
    """Print one line per scalar figure and one column per run; '-' if a run lacks the figure."""
    names = {name: None for figures in by_run.values() for name in figures}
    lines = [["", *by_run]]
    for name in names:
        values = [figures.get(name) for figures in by_run.values()]
        if not any(isinstance(value, (list, dict)) for value in values):
            lines.append([name, *("-" if value is None else f"{value:.6g}" for value in values)])
    wide = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, wide, strict=True)).rstrip())
