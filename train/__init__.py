"""Train autoencoders: variants, networks, datasets, and the loop that makes a run.

from diabolo.train import Config, fit
run = fit(Config.make("vae", "mnist", epochs=5), "runs/vae")
"""

from __future__ import annotations

from diabolo.train.config import Config
from diabolo.train.fit import Watcher, fit, resume
from diabolo.train.run import Run

__all__ = ["Config", "Run", "Watcher", "fit", "resume"]
