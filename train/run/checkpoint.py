"""The checkpoint that a training continues from: one safetensors file, whole or absent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from diabolo.runtime._old_names import old_keywords, old_names
from diabolo.train.distributed import Distributed
from diabolo.train.errors import RunError
from diabolo.train.run._run import Run
from diabolo.train.run.files import BEST, STATE

__all__ = ["Position", "State", "damaged", "fill_moments", "keep_best", "own_share", "read", "write"]

__getattr__ = old_names(__name__, {"own_part": "own_share"})

_COLUMNS = {"epoch", "loss", "validation_loss"}  # of the history, whatever the variant


@dataclass(kw_only=True)
class Position:
    """How far a training has come.

    Attributes:
        epoch: whole epochs done.
        step: steps done of the next epoch.
        best: the lowest validation loss, in the variant's unit.
        stale: epochs since then.
        rows: the history, one row per epoch.
    """

    epoch: int = 0
    step: int = 0
    best: float = math.inf
    stale: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Everything that the next step of a training depends on.

    Attributes:
        position: how far the training has come, with the history.
        steps: steps per epoch.
        model: the weights by name.
        average: their EMA; empty if none is kept.
        moments: the state of the optimizer, by the number of the parameter and by name.
        memory: what the loss keeps from step to step, by name.
        sums: of the loss and its terms in this epoch so far, in the order of the history's columns: `()`, or
            `(processes,)` if several processes train.
    """

    position: Position
    steps: int
    model: dict[str, Tensor]
    average: dict[str, Tensor]
    moments: dict[int, dict[str, Tensor]]
    memory: dict[str, Tensor]
    sums: dict[str, Tensor]


def write(run: Run, state: State) -> None:
    """Write a run's checkpoint.

    Raises:
        RunError: it cannot be written.
    """
    moments = {
        f"{index}.{name}": torch.as_tensor(value)
        for index, values in state.moments.items()
        for name, value in values.items()
    }
    parts = {
        **{"model": state.model, "average": state.average, "optimizer": moments},
        **{"memory": state.memory, "sums": state.sums},
    }
    tensors = {f"{part}.{name}": value for part, named in parts.items() for name, value in named.items()}
    position = state.position
    about = {
        "epoch": str(position.epoch),
        "step": str(position.step),
        "best": repr(position.best),
        "stale": str(position.stale),
        "steps": str(state.steps),
        "sums": json.dumps(list(state.sums)),
        "history": json.dumps(position.rows),
        "torch": torch.__version__,
    }
    run.write_tensors(STATE, tensors, about)


def read(run: Run, note: Callable[[str], None]) -> State:
    """Read a run's checkpoint.

    Args:
        run: the run.
        note: called with a message if the history of an old checkpoint is lost.

    Raises:
        RunError: it is missing or damaged.
    """
    tensors, about = run.read_both(STATE)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = value
    with damaged(run):
        position = Position(
            epoch=_count(about, "epoch"),
            step=_count(about, "step"),
            best=float(about["best"]),
            stale=_count(about, "stale"),
        )
        steps = _count(about, "steps")
        names = _names(about, position.step, steps)
        kept = "history" in about
        position.rows = _rows(about, position.epoch) if kept else _old_rows(run, position.epoch, note)
        return State(
            position=position,
            steps=steps,
            model=parts.get("model", {}),
            average=parts.get("average", {}),
            moments=_moments(parts.get("optimizer", {})),
            memory=parts.get("memory", {}),
            sums={name: parts["sums"][name] for name in names},
        )


@contextmanager
def damaged(run: Run) -> Iterator[None]:
    """Turn the errors that a damaged checkpoint causes in the block into one that says what to do.

    Raises:
        RunError: the block raised a KeyError, ValueError or IndexError.
    """
    try:
        yield
    except (KeyError, ValueError, IndexError) as error:
        raise RunError(f"{run.path / STATE} cannot be read: {error!r}. {run.without_state()}") from None


def own_share(sums: Tensor, distributed: Distributed) -> Tensor:
    """This process's share of a sum.

    If the number of processes has changed, the main process gets all of it, and the others 0.

    Args:
        sums: `()`, or `(processes,)` of the processes that wrote it.
        distributed: the processes that train now.

    Raises:
        ValueError: it is of another shape, or does not hold floats.
    """
    if sums.ndim > 1 or not sums.is_floating_point():
        raise ValueError(f"a sum is {sums.dtype} of shape {tuple(sums.shape)}, not a number a process")
    if sums.ndim and len(sums) == distributed.world_size:
        return sums[distributed.rank]
    return sums.sum() if distributed.is_main else torch.zeros(())


def fill_moments(optimizer: torch.optim.Optimizer, moments: dict[int, dict[str, Tensor]]) -> None:
    """Load the state of an optimizer.

    Args:
        optimizer: of the model that is restored.
        moments: by the number of the parameter and by name; scalars, or of the parameter's shape.

    Raises:
        IndexError: there is no such parameter.
        ValueError: a tensor does not have its parameter's shape.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for index, values in moments.items():
        like = parameters[index]
        for name, value in values.items():
            if value.ndim and value.shape != like.shape:
                raise ValueError(
                    f"its {index}.{name} is of shape {tuple(value.shape)}, not {tuple(like.shape)}"
                )
            # in the memory layout of the weights, which the fused step requires
            laid_out = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            state.setdefault(index, {})[name] = laid_out
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


@old_keywords(processes="distributed")
def keep_best(run: Run, position: Position, average: nn.Module, distributed: Distributed) -> str:
    """Replace the file of the best weights by the checkpoint's weights, if it is missing or damaged.

    Returns:
        A message for the user; '' if the file is whole.

    Raises:
        RunError: it cannot be written.
    """
    if not position.epoch or not distributed.max(not run.is_whole(BEST)):
        return ""
    # in the middle of an epoch they have no validation loss yet
    judged = [row for row in position.rows[-1:] if row["epoch"] == position.epoch and not position.step]
    position.best = judged[0]["validation_loss"] if judged else math.inf
    if not distributed.is_main:
        return ""
    run.write_tensors(BEST, average.state_dict())
    return (
        f"{run.path / BEST} is missing or damaged, so the best weights until now are lost: those of the "
        "checkpoint take their place until there are better ones"
    )


def _moments(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        found.setdefault(int(index), {})[key] = value
    return found


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
    """The names of the sums; 'loss' must be among them if `step` of the epoch's `steps` is not the first."""
    names = _list(about, "sums")
    if not all(isinstance(name, str) for name in names) or (step and "loss" not in names):
        raise ValueError(f"its sums are {about['sums'][:40]!r}, not names, with 'loss' among them")
    if step > steps:
        raise ValueError(f"its step is {step} of {steps}")
    return names


def _rows(about: dict[str, str], epochs: int) -> list[dict[str, float]]:
    """The history of at most `epochs` epochs; a later release may have written further columns."""
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


def _old_rows(run: Run, epochs: int, note: Callable[[str], None]) -> list[dict[str, float]]:
    """The history for a checkpoint of an older release, which does not have it: that of history.csv."""
    try:
        rows = [row for row in run.history()[:epochs] if row.keys() >= _COLUMNS]
    except RunError:
        rows = []
    if len(rows) < epochs:
        note(
            f"history.csv in {run.path} is damaged or lost, and its checkpoint is of a release "
            f"that kept no copy: the history has {len(rows)} of the first {epochs} epochs"
        )
    return rows
