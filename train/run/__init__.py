"""A run: the folder of one training, and everything that is written into it."""

from __future__ import annotations

from diabolo.train.run._run import Run
from diabolo.train.run.files import BEST, FAILED, STATE

__all__ = ["BEST", "FAILED", "STATE", "Run"]
