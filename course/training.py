"""Train in a notebook whose cells may run more than once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diabolo.train import Config, Run, fit, networks, resume
from diabolo.train.errors import RunError
from diabolo.train.run._run import absolute
from diabolo.train.run.record import changed_network

__all__ = ["train_or_open"]


def train_or_open(folder: str | Path, variant: str, dataset: str, **settings: Any) -> Run:
    """Train a model in a folder, or open the run that was trained there with the same settings.

    A training that was stopped half-way is continued. It is `fit(Config.make(variant, dataset, ...), folder)`
    for a cell that is run again.

    Args:
        folder: of the run.
        variant: 'autoencoder', 'vae' and so on: see `diabolo train --help`.
        dataset: 'mnist', 'glyphs' and so on, or a folder of images.
        settings: as for `Config.make`: `epochs=5`, `latent_dim=32`.

    Raises:
        RunError: the folder holds another training, or one with your own network as it was before a change.
        OptionError, UnknownNameError, DataError: as `fit`.
    """
    folder = Path(folder)
    config = Config.make(variant, dataset, **settings)
    if not folder.exists() or not any(folder.iterdir()):
        return fit(config, folder)
    run = Run.open(folder)
    if networks.is_own(run.config.network) and (changed := changed_network(run, run.network(config.network))):
        raise RunError(f"{changed}. Give another folder, or remove {folder} to train anew.")
    told = {"variant": variant, "dataset": dataset} | settings
    differ = [name for name in told if _differs(getattr(run.config, name), getattr(config, name))]
    if differ:
        there = ", ".join(f"{name} {getattr(run.config, name)}" for name in differ)
        wanted = ", ".join(f"{name} {getattr(config, name)}" for name in differ)
        raise RunError(
            f"{folder} holds a training with {there}, not {wanted}. "
            f"Give another folder, or remove {folder} to train anew."
        )
    if run.epochs_done() < (run.config.epochs or 1) or not run.metrics():
        return resume(folder)
    return run


def _differs(found: Any, wanted: Any) -> bool:
    """Whether a setting differs; the path of a dataset is stored as an absolute one."""
    return bool(found != (absolute(wanted) if isinstance(wanted, str) else wanted))
