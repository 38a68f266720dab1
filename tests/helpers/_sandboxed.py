"""Visitors' models in processes of their own, each ended when its test is over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sandbox._hosted import Hosted
from diabolo.ui.sandbox.check import check
from diabolo.ui.sandbox.pool import Pool

SMALL = VisitorLimits(check_s=30, call_s=10, memory_mb=256, wait_s=30)
BRIEF = replace(SMALL, call_s=1)  # for calls that do not end
DARK, BRIGHT = np.zeros((1, 1, 8, 8), np.float32), np.ones((1, 1, 8, 8), np.float32)


class Run:
    """Models started from .zip files, each ended when the test is over."""

    def __init__(self) -> None:
        self.hosted: list[Hosted] = []
        self.thrown_out: list[str] = []

    def start(self, path: Path, pool: Pool) -> tuple[Autoencoder, Hosted]:
        sound = check(path, pool)
        model, hosted = sound.start(path.stem, pool, self.thrown_out.append)
        self.hosted.append(hosted)
        return model, hosted


@contextmanager
def running() -> Iterator[Run]:
    """For models that are ended afterwards."""
    run = Run()
    yield run
    for hosted in run.hosted:
        hosted.close("over")


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something holds within some seconds."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process has ended, or does within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":  # nobody has asked for its exit status yet
            return True
        time.sleep(0.05)
    return False
