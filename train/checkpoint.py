"""What a training is continued from: one safetensors file, whole or absent."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from diabolo.train.errors import RunError
from diabolo.train.run import BEST, STATE

if TYPE_CHECKING:
    from diabolo.train.training import Training

__all__ = ["Position", "keep_best", "pack", "unpack"]

_COLUMNS = {"epoch", "loss", "validation_loss"}  # of the history, whatever the variant


@dataclass(kw_only=True)
class Position:
    """How far a training has come."""

    epoch: int = 0  # whole ones
    step: int = 0  # of the next epoch
    best: float = math.inf  # the lowest validation loss
    stale: int = 0  # epochs since then
    rows: list[dict[str, float]] = field(default_factory=list)  # the history, one an epoch


def pack(training: Training, sums: list[dict[str, Tensor]]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the numbers to be kept; `sums` are every process's."""
    tensors = {f"model.{name}": value for name, value in training.model.state_dict().items()}
    if training.average is not training.model:
        tensors |= {f"average.{name}": value for name, value in training.average.state_dict().items()}
    for index, values in training.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    tensors |= {f"memory.{name}": value for name, value in training.memory.items()}
    # (), or (processes,) where several train
    tensors |= {f"sums.{name}": torch.stack([own[name] for own in sums]).squeeze() for name in sums[0]}
    position = training.position
    about = {
        "epoch": str(position.epoch),
        "step": str(position.step),
        "best": repr(position.best),
        "stale": str(position.stale),
        "steps": str(training.steps),
        "sums": json.dumps(list(training.sums)),  # in the order of the history's columns
        "history": json.dumps(position.rows),
        "torch": torch.__version__,
    }
    return tensors, about


def unpack(training: Training) -> None:
    """Put them back, and the history until then.

    Raises:
        RunError: the file is damaged or does not belong to this run.
    """
    run, position = training.run, training.position
    tensors, about = run.read_both(STATE)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = value
    try:
        position.epoch, position.step = _count(about, "epoch"), _count(about, "step")
        position.best, position.stale = float(about["best"]), _count(about, "stale")
        steps = _count(about, "steps")
        names = _names(about, position.step, steps)
        training.sums = {name: _own(training, parts["sums"][name]) for name in names}
        position.rows = _rows(about, position.epoch) if "history" in about else _old_rows(training)
        _fill_optimizer(training, parts.get("optimizer", {}))
    except (KeyError, ValueError, IndexError) as error:
        raise RunError(f"{run.path / STATE} cannot be read: {error!r}. {run.without_state()}") from None
    if position.step and steps != training.steps:
        raise RunError(
            f"{run.path} was stopped within an epoch of {steps} steps; now one has {training.steps}: the "
            "images or --batch-size have changed. Put them back, or train anew."
        )
    run.fill(training.model, parts.get("model", {}))
    if training.average is not training.model:
        run.fill(training.average, parts.get("average", {}))
    training.memory.update({k: v.to(training.device) for k, v in parts.get("memory", {}).items()})


def keep_best(training: Training) -> None:
    """See that the best weights are whole; the checkpoint's take the place of those that are not.

    Raises:
        RunError: they cannot be written.
    """
    run, position, processes = training.run, training.position, training.processes
    if not position.epoch or not processes.most(not run.is_whole(BEST)):
        return
    # within an epoch they were never judged
    judged = [row for row in position.rows[-1:] if row["epoch"] == position.epoch and not position.step]
    position.best = judged[0]["validation_loss"] if judged else math.inf
    if processes.writes:
        run.write_tensors(BEST, training.average.state_dict())
        training.watcher.note(
            f"{run.path / BEST} is missing or damaged, and the best weights until now with it: those of the "
            "checkpoint have taken their place, until better ones come"
        )


def _count(about: dict[str, str], name: str) -> int:
    """A whole number, at least 0."""
    if not about[name].isdecimal():
        raise ValueError(f"its {name} is {about[name][:40]!r}, not a whole number from 0")
    return int(about[name])


def _list(about: dict[str, str], name: str) -> list[Any]:
    try:
        found = json.loads(about[name])
    except RecursionError:
        found = None
    if not isinstance(found, list):
        raise ValueError(f"its {name} is {about[name][:40]!r}, not a list")
    return found


def _names(about: dict[str, str], step: int, steps: int) -> list[str]:
    """What was summed in an epoch of so many steps until this one; the loss is, once there was a step."""
    names = _list(about, "sums")
    if not all(isinstance(name, str) for name in names) or (step and "loss" not in names):
        raise ValueError(f"its sums are {about['sums'][:40]!r}, not names, with 'loss' among them")
    if step > steps:
        raise ValueError(f"its step is {step} of {steps}")
    return names


def _rows(about: dict[str, str], epochs: int) -> list[dict[str, float]]:
    """The history of at most so many epochs; a later release may have written further columns."""
    rows = _list(about, "history")
    last = 0.0
    for row in rows:
        if not (isinstance(row, dict) and row.keys() >= _COLUMNS):
            wanted = ", ".join(sorted(_COLUMNS))
            raise ValueError(f"its history has {str(row)[:40]!r}, not {wanted} in every row")
        if not all(isinstance(value, float) for value in row.values()):
            raise ValueError(f"its history has {str(row)[:40]!r}, not numbers alone")
        if not last < row["epoch"] <= epochs:
            raise ValueError(f"its history has the epoch {row['epoch']:g} after {last:g}, of {epochs} in all")
        last = row["epoch"]
    return rows


def _own(training: Training, sums: Tensor) -> Tensor:
    """This process's part of the sums: its own, or all and nothing where the number of processes changed."""
    processes = training.processes
    if sums.ndim > 1 or not sums.is_floating_point():
        raise ValueError(f"a sum is {sums.dtype} of shape {tuple(sums.shape)}, not a number a process")
    if sums.ndim and len(sums) == processes.count:
        own = sums[processes.rank]
    else:
        own = sums.sum() if processes.writes else torch.zeros(())
    return own.to(training.device)


def _old_rows(training: Training) -> list[dict[str, float]]:
    """The history of a checkpoint that does not hold it, as older releases wrote them."""
    epochs = training.position.epoch
    try:
        rows = training.run.history()[:epochs]
        rows = [row for row in rows if row.keys() >= _COLUMNS]
    except RunError:
        rows = []
    if len(rows) < epochs:
        training.watcher.note(
            f"history.csv in {training.run.path} is damaged or lost, and its checkpoint is of a release "
            f"that kept no copy: the history has {len(rows)} of the first {epochs} epochs"
        )
    return rows


def _fill_optimizer(training: Training, tensors: dict[str, Tensor]) -> None:
    parameters = [p for group in training.optimizer.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        like = parameters[int(index)]
        if value.shape == like.shape:  # laid out in memory as the weights: the fused step goes along both
            value = torch.empty_like(like).copy_(value)
        elif value.ndim:
            raise ValueError(f"its {name} is of shape {tuple(value.shape)}, not {tuple(like.shape)}")
        moments.setdefault(int(index), {})[key] = value
    whole = training.optimizer.state_dict()
    training.optimizer.load_state_dict({"state": moments, "param_groups": whole["param_groups"]})
