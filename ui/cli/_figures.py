"""A model's figures as a table on stdout."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["show"]


def show(figures: dict[str, Any]) -> None:
    """A line for each figure; a list of numbers as its count and range, a list of rows as rows."""
    wide = max(len(name) for name in figures) + 2
    for name, value in figures.items():
        if not isinstance(value, list):
            click.echo(f"{name:{wide}}{value:.6g}")
        elif value and isinstance(value[0], dict):
            for row in value:
                inner = "  ".join(f"{key} {number:.5g}" for key, number in row.items())
                click.echo(f"{name:{wide}}{inner}")
        elif value:
            click.echo(f"{name:{wide}}{len(value)} values from {min(value):.5g} to {max(value):.5g}")
