"""What a training is continued from: one safetensors file, whole or absent."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from diabolo.train.errors import RunError
from diabolo.train.run import STATE

if TYPE_CHECKING:
    from diabolo.train.training import Training

__all__ = ["Position", "pack", "unpack"]


@dataclass(kw_only=True)
class Position:
    """How far a training has come."""

    epoch: int = 0  # whole ones
    step: int = 0  # of the next epoch
    best: float = math.inf  # the lowest validation loss
    stale: int = 0  # epochs since then
    rows: list[dict[str, float]] = field(default_factory=list)  # the history, one an epoch


def pack(training: Training) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the numbers to be kept."""
    tensors = {f"model.{name}": value for name, value in training.model.state_dict().items()}
    if training.average is not training.model:
        tensors |= {f"average.{name}": value for name, value in training.average.state_dict().items()}
    for index, values in training.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    tensors |= {f"memory.{name}": value for name, value in training.memory.items()}
    tensors |= {f"sums.{name}": value for name, value in training.sums.items()}
    position = training.position
    about = {
        "epoch": str(position.epoch),
        "step": str(position.step),
        "best": repr(position.best),
        "stale": str(position.stale),
        "steps": str(training.steps),
        "sums": json.dumps(list(training.sums)),  # in the order of the history's columns
        "torch": torch.__version__,
    }
    return tensors, about


def unpack(training: Training) -> None:
    """Put them back, and cut the history to where they stand.

    Raises:
        RunError: the file is damaged or does not belong to this run.
    """
    run, position = training.run, training.position
    about, tensors = run.read_about(STATE), run.read_tensors(STATE)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = value
    try:
        position.epoch, position.step = int(about["epoch"]), int(about["step"])
        position.best, position.stale = float(about["best"]), int(about["stale"])
        names, steps = json.loads(about["sums"]), int(about["steps"])
        training.sums = {name: parts["sums"][name].to(training.device) for name in names}
    except (KeyError, ValueError) as error:
        raise RunError(f"{run.path / STATE} cannot be read: {error!r}. Train anew.") from None
    if position.step and steps != training.steps:
        raise RunError(
            f"{run.path} was stopped within an epoch of {steps} steps; now one has {training.steps}: the "
            "images or --batch-size have changed. Put them back, or train anew."
        )
    run.fill(training.model, parts.get("model", {}))
    if training.average is not training.model:
        run.fill(training.average, parts.get("average", {}))
    training.memory.update({k: v.to(training.device) for k, v in parts.get("memory", {}).items()})
    _fill_optimizer(training, parts.get("optimizer", {}))
    rows = run.history()[: position.epoch]
    if len(rows) != position.epoch:
        raise RunError(
            f"history.csv in {run.path} has {len(rows)} epochs, its checkpoint {position.epoch}. Train anew."
        )
    position.rows = rows


def _fill_optimizer(training: Training, tensors: dict[str, Tensor]) -> None:
    parameters = [p for group in training.optimizer.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        like = parameters[int(index)]
        if value.shape == like.shape:  # laid out in memory as the weights: the fused step goes along both
            value = torch.empty_like(like).copy_(value)
        moments.setdefault(int(index), {})[key] = value
    whole = training.optimizer.state_dict()
    training.optimizer.load_state_dict({"state": moments, "param_groups": whole["param_groups"]})
