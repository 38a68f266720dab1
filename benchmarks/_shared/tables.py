"""Markdown tables, and figures as their cells."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np


def heading(title: str, columns: Sequence[str]) -> None:
    print(f"\n{title}\n")
    row(*columns)
    print("|---" * len(columns) + "|", flush=True)


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def spread(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def shares(values: np.ndarray) -> str:
    low, high = np.percentile(values, (5, 95))
    return f"{low:.1f} to {high:.1f}"


def short(value: float, goal: float) -> str:
    return "" if value <= goal else " (not reached)"
