"""Measures how long a call takes: enough rounds for a stable figure, within a few seconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Timing", "measure"]

_WARM_UP = 3  # untimed calls: the first ones allocate memory and choose kernels
_LEAST, _MOST = 20, 2000  # rounds
_LONGEST = 4.0  # seconds, even if that allows fewer rounds than _LEAST


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Durations of a call, in seconds."""

    median: float
    p95: float  # the 95th percentile
    rounds: int


def measure(call: Callable[[], object], seconds: float) -> Timing:
    """Time `call` repeatedly, for about `seconds`."""
    began = time.perf_counter()
    for _ in range(_WARM_UP):
        call()
        if time.perf_counter() - began > _LONGEST:
            break
    took: list[float] = []
    began = time.perf_counter()
    while _goes_on(len(took), time.perf_counter() - began, seconds):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    took.sort()
    return Timing(
        median=statistics.median(took),
        p95=took[min(len(took) - 1, round(0.95 * len(took)))],
        rounds=len(took),
    )


def _goes_on(rounds: int, elapsed: float, seconds: float) -> bool:
    if rounds < 1:
        return True
    if elapsed > max(seconds, _LONGEST) or rounds >= _MOST:
        return False
    return elapsed < seconds or rounds < _LEAST
