"""Names of `diabolo.train` that were changed still work, with a warning that gives the new one."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import diabolo.train
from diabolo.train import Callback, Config, fit, resume
from diabolo.train.callbacks import BaseCallback
from diabolo.train.errors import RunError


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("train", "Watcher", "Callback"),
        ("train.loop", "Watcher", "Callback"),
        ("train.callbacks", "Watcher", "Callback"),
        ("train.callbacks", "Silent", "BaseCallback"),
        ("train.callbacks.tensorboard", "Board", "TensorBoard"),
        ("train.async_scalar", "Glance", "AsyncScalar"),
        ("train.distributed", "Processes", "Distributed"),
        ("train.distributed", "join", "init_distributed"),
        ("train.evaluation.iwae_bound", "bound", "iwae_bound"),
        ("train.leaky_sigmoid", "squash", "leaky_sigmoid"),
        ("train.optim.schedule", "rate", "learning_rate"),
        ("train.trainer", "Training", "Trainer"),
    ],
)
def test_an_old_name_works_and_warns(module: str, old: str, new: str) -> None:
    found = importlib.import_module(f"diabolo.{module}")
    with pytest.warns(DeprecationWarning, match=rf"{old} is now called {new}\."):
        assert getattr(found, old) is getattr(found, new)


def test_an_unknown_name_stays_unknown() -> None:
    with pytest.raises(AttributeError, match="never_was"):
        diabolo.train.never_was  # noqa: B018


def test_the_old_argument_works_and_warns(tmp_path: Path) -> None:
    callback: Callback = BaseCallback()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with (
        pytest.warns(DeprecationWarning, match="watcher is now called callback"),
        pytest.raises(RunError, match="exists already"),
    ):
        fit(Config.make("vae", "glyphs"), tmp_path / "taken", watcher=callback)
    with (
        pytest.warns(DeprecationWarning, match="watcher is now called callback"),
        pytest.raises(RunError, match="not a run"),
    ):
        resume(tmp_path / "taken", watcher=callback)
