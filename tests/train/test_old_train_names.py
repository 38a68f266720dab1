"""Names of `diabolo.train` that were changed still work, with a warning that gives the new one."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import diabolo.train
from diabolo.export.source import Source
from diabolo.train import Callback, Config, fit, resume
from diabolo.train.async_scalar import AsyncScalar
from diabolo.train.callbacks import BaseCallback
from diabolo.train.distributed import Distributed
from diabolo.train.errors import RunError
from diabolo.train.step import Step
from diabolo.train.trainer import Trainer


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("train", "Watcher", "Callback"),
        ("train._fit", "Watcher", "Callback"),
        ("train.callbacks", "Watcher", "Callback"),
        ("train.callbacks", "Silent", "BaseCallback"),
        ("train.callbacks.tensorboard", "Board", "TensorBoard"),
        ("train.async_scalar", "Glance", "AsyncScalar"),
        ("train.distributed", "Processes", "Distributed"),
        ("train.distributed", "join", "init_distributed"),
        ("train.evaluation.iwae_bound", "bound", "iwae_bound"),
        ("train.leaky_sigmoid", "squash", "leaky_sigmoid"),
        ("train.run.checkpoint", "own_part", "own_share"),
        ("train.optim.schedule", "rate", "learning_rate"),
        ("train.trainer", "Training", "Trainer"),
    ],
)
def test_an_old_name_works_and_warns(module: str, old: str, new: str) -> None:
    found = importlib.import_module(f"diabolo.{module}")
    with pytest.warns(DeprecationWarning, match=rf"{old} is now called {new}\."):
        assert getattr(found, old) is getattr(found, new)


OLD = [
    (Distributed, {"count": "world_size", "writes": "is_main", "part": "shard", "share": "wrap"}),
    (Distributed, {"wait": "barrier", "most": "max"}),
    (AsyncScalar, {"look": "exchange"}),
    (Trainer, {"processes": "distributed", "watcher": "callback", "board": "tensorboard", "go": "train"}),
    (Source, {"learned": "training_images"}),
]


@pytest.mark.parametrize(
    ("owner", "old", "new"), [(owner, *names) for owner, some in OLD for names in some.items()]
)
def test_an_old_attribute_works_and_warns(owner: type, old: str, new: str) -> None:
    one: object = object.__new__(owner)
    vars(one)[new] = expected = object()
    if isinstance(vars(owner).get(new), property):  # it cannot be set, and is looked at through a subclass
        one = object.__new__(type(owner.__name__, (owner,), {new: expected}))
    with pytest.warns(DeprecationWarning, match=rf"{owner.__name__}\.{old} is now called {new}\.") as seen:
        assert getattr(one, old) is expected
    assert [warning.filename for warning in seen] == [__file__]


def test_old_arguments_work_and_warn() -> None:
    with pytest.warns(DeprecationWarning, match="count of .* is now called world_size"):
        assert Distributed(0, count=2).world_size == 2  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="processes of .* is now called distributed"):
        step = Step(0, 0, rows=(1, 4), processes=Distributed())  # type: ignore[call-arg]
    assert step.normal(2, 3).shape == (2, 3)


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
