"""Every public function of `diabolo.train`, with arguments of every kind: an answer, or a DiaboloError."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _anything import answered, anything, parameters, public
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import diabolo.train
from diabolo.train import Config, Run
from diabolo.train.settings import settings as settings_of

FOUND = public(diabolo.train)
# what a user calls; the other methods are called by the training, with what it made itself
CALLED = ["Config.from_json", "Config.make", "Run.epochs_done", "Run.figures", "Run.history", "Run.load"]
CALLED += ["Run.metrics", "Run.network", "Run.open", "fit", "resume"]
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def usual(run: Run) -> dict[str, Any]:
    """A value that is right for each parameter, by its name; `fit` finds no images, and so does not train."""
    return {
        **{"config": Config.make("vae", "no-such-folder"), "out": "run", "callback": None, "watcher": None},
        **{"path": run.path, "epochs": None, "network": None, "variant": "vae", "dataset": None},
        **{"data_dir": None, "preview": False},
        **{"document": run.config.to_json(), "named": None},
    }


def test_what_must_be_there_was_found() -> None:
    assert FOUND.keys() >= set(CALLED)


@pytest.mark.parametrize("name", CALLED)
def test_any_argument(name: str, runs: dict[str, Path]) -> None:
    owner, function = FOUND[name]
    run = Run.open(runs["vae"])
    right = usual(run)
    if owner is not None and not hasattr(function, "__self__"):
        function = getattr(run if owner is Run else run.config, name.split(".")[1])
    takes = [name for name in parameters(function) if name != "watcher"]  # deprecated: always warns

    @SOME
    @given(st.data())
    def try_some(data: st.DataObject) -> None:
        changed = data.draw(st.sets(st.sampled_from(takes), min_size=1, max_size=2))
        answered(function, {key: right[key] for key in takes} | {key: data.draw(anything) for key in changed})

    if takes:
        try_some()
    else:
        assert answered(function, {}) is not None


@pytest.mark.parametrize("name", sorted(settings_of(Config)))
def test_any_value_of_a_setting(name: str) -> None:
    @SOME
    @given(anything)
    def try_some(value: Any) -> None:
        given = {"variant": "vae", "dataset": "mnist"} | {name: value}
        config = answered(Config.make, given)
        if config is not None:
            json.dumps(config.to_json())

    try_some()


def test_numbers_of_numpy_are_numbers() -> None:
    config = Config.make(
        "vae",
        "mnist",
        epochs=np.int64(3),
        batch_size=np.uint16(64),
        lr=np.float32(0.25),
        compile=np.bool_(False),
        image_size=(np.int32(32), np.int32(24)),
        variant_options={"beta": np.float64(2)},
    )
    plain = Config.make(
        "vae",
        "mnist",
        epochs=3,
        batch_size=64,
        lr=0.25,
        compile=False,
        image_size=(32, 24),
        variant_options={"beta": 2.0},
    )
    assert config == plain
    assert json.dumps(config.to_json()) == json.dumps(plain.to_json())
