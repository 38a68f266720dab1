"""Trainings that are stopped and resumed: their settings, and what must be the same at the end."""

from __future__ import annotations

from pathlib import Path

import torch

from diabolo.train import Config, Run


def settings(pictures: Path, variant: str = "sparse", **more: object) -> Config:
    """Of a short training, with what a checkpoint has to keep."""
    options = {"latent_dim": 6, "epochs": 3, "batch_size": 16, "average": 0.9, "weight_decay": 1e-3} | more
    return Config.make(variant, str(pictures), **options)


def same(one: Run, other: Run) -> None:
    """See that two runs have the same weights, state, history and metrics, to the last bit."""
    for name in ("model.safetensors", "last/state.safetensors"):
        ours, theirs = one.read_tensors(name), other.read_tensors(name)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name
    for name in ("history.csv", "metrics.json"):
        assert (one.path / name).read_text() == (other.path / name).read_text(), name
