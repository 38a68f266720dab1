"""Train autoencoders: variants, networks, datasets, and the loop that makes a run.

from diabolo.train import Config, fit
run = fit(Config.make("vae", "mnist", epochs=5), "runs/vae")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from diabolo.runtime._old_names import old_names
from diabolo.runtime._renamed import renamed

if TYPE_CHECKING:
    from diabolo.train._fit import fit, resume
    from diabolo.train.callbacks import Callback
    from diabolo.train.config import Config
    from diabolo.train.run import Run

__all__ = ["Callback", "Config", "Run", "fit", "resume"]

_HOMES = {"Callback": "callbacks", "Config": "config", "Run": "run", "fit": "_fit", "resume": "_fit"}
_old = old_names(__name__, {"Watcher": "Callback"})


def __getattr__(name: str) -> Any:
    # listing and decoding datasets, which are part of this package, must not import torch
    if name not in _HOMES:
        return _old(name)
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


renamed(
    {
        "diabolo.train.augment": "diabolo.train.batches.augment",
        "diabolo.train.board": "diabolo.train.callbacks.tensorboard",
        "diabolo.train.bound": "diabolo.train.evaluation.iwae_bound",
        "diabolo.train.checkpoint": "diabolo.train.run.checkpoint",
        "diabolo.train.evaluate": "diabolo.train.evaluation.evaluate",
        "diabolo.train.feed": "diabolo.train.batches.feed",
        "diabolo.train.files": "diabolo.train.run.files",
        "diabolo.train.glance": "diabolo.train.async_scalar",
        "diabolo.train.held_out": "diabolo.train.batches.held_out",
        "diabolo.train.holes": "diabolo.train.evaluation.holes",
        "diabolo.train.lock": "diabolo.train.run.lock",
        "diabolo.train.loop": "diabolo.train._fit",
        "diabolo.train.muon": "diabolo.train.optim.muon",
        "diabolo.train.noise": "diabolo.train.batches.noise",
        "diabolo.train.notebook": "diabolo.train.run.notebook",
        "diabolo.train.optimizer": "diabolo.train.optim.optimizer",
        "diabolo.train.plots": "diabolo.train.evaluation.plots",
        "diabolo.train.processes": "diabolo.train.distributed",
        "diabolo.train.recipe": "diabolo.train.run.recipe",
        "diabolo.train.schedule": "diabolo.train.optim.schedule",
        "diabolo.train.squash": "diabolo.train.leaky_sigmoid",
        "diabolo.train.tensorboard": "diabolo.train.callbacks.tensorboard",
        "diabolo.train.tensors": "diabolo.train.run.tensors",
        "diabolo.train.training": "diabolo.train.trainer",
        "diabolo.train.watcher": "diabolo.train.callbacks",
    }
)
