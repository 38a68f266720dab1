"""A checkpoint whose checksum fits and whose numbers do not: refused before anything is trained."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from _resumed import settings
from _stopper import Stopper

from diabolo.train import Run, fit, resume
from diabolo.train.callbacks import BaseCallback
from diabolo.train.errors import RunError, StoppedError
from diabolo.train.run import tensors
from diabolo.train.run.checkpoint import Position
from diabolo.train.run.files import BEST, STATE
from diabolo.train.trainer import Trainer

ROW = {"epoch": 1.0, "loss": 0.5, "validation_loss": 0.5}
ABOUT = {
    **{"epoch": "1", "step": "1", "best": "0.5", "stale": "0", "steps": "7"},
    **{"sums": '["loss"]', "history": json.dumps([ROW])},
}
TENSORS = {"sums.loss": torch.zeros(()), "optimizer.0.mean": torch.zeros(2)}
DEEP = "[" * 5000

ODD = [
    *(("history", text) for text in ("0", "null", "{}", '{"a":1}', "[1]", "[[1]]", '["no"]', "[null]", DEEP)),
    ("history", '[{"epoch": 1}]'),
    ("history", json.dumps([ROW | {"loss": "low"}])),
    ("history", json.dumps([ROW | {"loss": True}])),
    ("history", json.dumps([ROW | {"loss": 10**400}])),
    ("history", json.dumps([ROW | {"epoch": math.nan}])),
    ("history", json.dumps([ROW, ROW])),
    ("history", json.dumps([ROW | {"epoch": 2.0}])),
    *(("sums", text) for text in ("-1", "1e3", "null", "[[1]]", "[{}]", "[]", '["more"]', DEEP)),
    *((name, text) for name in ("epoch", "step", "stale", "steps") for text in ("-1", "1.5", "", "9" * 5000)),
    ("step", "8"),
    ("best", "low"),
]


def training(path: Path) -> Any:
    """As much of one as its checkpoint's numbers go into."""
    weights = [torch.nn.Parameter(torch.zeros(2))]
    return SimpleNamespace(
        run=Run(path, SimpleNamespace(), {}),  # type: ignore[arg-type]
        position=Position(),
        distributed=SimpleNamespace(world_size=1, rank=0, is_main=True),
        device=torch.device("cpu"),
        optimizer=torch.optim.AdamW(weights),
        sums={},
        callback=BaseCallback(),
    )


@pytest.mark.parametrize(("name", "text"), ODD)
def test_an_odd_text_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / STATE).parent.mkdir()
    tensors.write(tmp_path / STATE, TENSORS, ABOUT | {name: text})
    with pytest.raises(RunError, match=r"state\.safetensors cannot be read: .*Remove .*state\.safetensors"):
        Trainer.restore(training(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("sums.loss", torch.zeros(1, 2), r"shape \(1, 2\)"),
        ("sums.loss", torch.zeros((), dtype=torch.int64), "int64"),
        ("optimizer.0.mean", torch.zeros(3), r"0\.mean is of shape \(3,\), not \(2,\)"),
    ],
)
def test_an_odd_tensor_is_refused(name: str, value: torch.Tensor, told: str, tmp_path: Path) -> None:
    (tmp_path / STATE).parent.mkdir()
    tensors.write(tmp_path / STATE, TENSORS | {name: value}, ABOUT)
    with pytest.raises(RunError, match=rf"state\.safetensors cannot be read: .*{told}"):
        Trainer.restore(training(tmp_path))


def test_columns_that_this_release_does_not_know_are_kept(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        fit(settings(pictures, epochs=2), tmp_path / "run", callback=Stopper(10))
    run = Run.open(tmp_path / "run")
    values, about = run.read_both(STATE)
    rows = [row | {"more": 1.0} for row in json.loads(about["history"])]
    run.write_tensors(STATE, values, about | {"history": json.dumps(rows)})
    with pytest.raises(StoppedError):
        resume(tmp_path / "run", callback=Stopper(2))
    more = [row["more"] for row in resume(tmp_path / "run").history()]  # of which some rows have it by now
    assert more[0] == 1
    assert math.isnan(more[1])
    assert (tmp_path / "run" / BEST).is_file()
