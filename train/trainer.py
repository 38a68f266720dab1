"""The training itself: steps, epochs, checkpoints.

The order of images and all chance come from the run's seed and the number of the epoch or step, never from a
generator's state: a run continued from any step draws what the unbroken one would have drawn.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from diabolo.train.async_scalar import Glance
from diabolo.train.batches.augment import Augment, augment
from diabolo.train.batches.feed import feed, resident
from diabolo.train.callbacks import Watcher
from diabolo.train.config import Config
from diabolo.train.datasets import Images, Split
from diabolo.train.distributed import Processes
from diabolo.train.errors import RunError, StoppedError, TrainingError
from diabolo.train.evaluation.evaluate import validate
from diabolo.train.interrupt import Interrupt
from diabolo.train.model import Model
from diabolo.train.optim.optimizer import clip_gradient, make_optimizer
from diabolo.train.optim.schedule import rate
from diabolo.train.run import BEST, Run, checkpoint
from diabolo.train.run.checkpoint import Position, State
from diabolo.train.step import Step
from diabolo.train.variants import Loss, VariantBase

__all__ = ["Training"]

_SAVE = 60.0  # seconds between checkpoints within an epoch
_LOOK = 20  # steps between two looks at the loss, where it does not come for nothing


class _Objective(nn.Module):
    """The loss as a module's output: what is shared by processes and compiled."""

    def __init__(self, variant: VariantBase, model: Model) -> None:
        super().__init__()
        self.variant, self.model = variant, model

    def forward(self, image: Tensor, step: Step) -> Loss:
        """The loss of a batch."""
        return self.variant.loss(self.model, image, step)


@dataclass(kw_only=True)
class Training:
    """A model on its way through a run's epochs."""

    run: Run
    variant: VariantBase
    model: Model
    images: Images  # to learn from
    validation: Split  # to choose the best weights by
    processes: Processes
    watcher: Watcher
    board: Watcher | None = None  # one more that sees every epoch
    position: Position = field(default_factory=Position)
    memory: dict[str, Tensor] = field(default_factory=dict)
    sums: dict[str, Tensor] = field(default_factory=dict)  # of this epoch so far

    def __post_init__(self) -> None:
        config = self.config
        self.device = torch.device(config.device)
        # convolutions read pixels faster whose channels lie together
        self.layout = torch.channels_last if _convolves(self.model) else torch.contiguous_format
        self.model.to(self.device).to(memory_format=self.layout)
        self.optimizer = make_optimizer(self.model, config)
        self.changes = Augment.parse(config.augment)
        self.weights = list(self.model.parameters())
        self.longest = config.clip * math.prod(self.model.image_shape) ** 0.5
        # what is judged and kept: the running average of the weights, or the weights themselves
        self.average = copy.deepcopy(self.model) if config.average else self.model
        objective = self.processes.share(_Objective(self.variant, self.model), self.device)
        # a GPU computes a small step sooner than it is asked for its kernels: recorded, it is asked once
        self.recorded = config.compile and self.device.type == "cuda" and self.processes.count == 1
        mode = "reduce-overhead" if self.recorded else None
        self.objective = torch.compile(objective, mode=mode) if config.compile else objective
        # on a GPU the images themselves, if they fit; otherwise they go there batch by batch
        self.source = resident(self.images, self.device)
        self.glance = Glance(self.device)
        self.saved = time.monotonic()

    @property
    def config(self) -> Config:
        """The run's settings."""
        return self.run.config

    @property
    def steps(self) -> int:
        """Steps of an epoch; its images are cut evenly, so that no last batch is tiny."""
        return math.ceil(len(self.images) / self.config.batch_size)

    @property
    def ended(self) -> bool:
        """Whether the last epoch is done, or nothing got better for as long as `patience` says."""
        weary = 0 < self.config.patience <= self.position.stale
        return weary or self.position.epoch >= self.config.epochs

    def go(self, interrupt: Interrupt | None = None) -> None:
        """Train until it has ended.

        Raises:
            StoppedError: Ctrl-C, SIGTERM or SIGHUP; all is saved.
            TrainingError: the loss is not a number; the last good weights are kept.
            RunError: the run's folder cannot be written to, or is gone.
        """
        interrupt = interrupt or Interrupt()
        with interrupt.patience():
            while not self.ended:
                self._epoch(interrupt)
            if self.processes.most(interrupt.asked or 0):
                raise self.stopped("after the last epoch", interrupt.exit_code)

    def stopped(self, where: str, exit_code: int) -> StoppedError:
        """What says that the training was stopped, where, and how to continue."""
        return StoppedError(
            f"stopped {where}, and saved. "
            f"Continue: diabolo train {self.config.variant} --resume -o {self.run.path}",
            exit_code,
        )

    def _epoch(self, interrupt: Interrupt) -> None:
        config, position = self.config, self.position
        self.model.train()
        order = np.random.default_rng([config.seed, 1, position.epoch]).permutation(len(self.images))
        pieces = np.array_split(order, self.steps)[position.step :]
        own = [piece[self.processes.part(len(piece))] for piece in pieces]
        for piece, image in zip(pieces, feed(self.source, own, self.device), strict=True):
            self._step(image, len(piece))
            self._listen(interrupt)
        self._finite()
        self._end_epoch(len(order))

    def _listen(self, interrupt: Interrupt) -> None:
        """Save where it is time to, and stop where somebody asks for it."""
        position, alone = self.position, self.processes.count == 1
        if not (alone or position.step % _LOOK == 0 or position.step == self.steps):
            return  # several processes agree, which takes a while
        due = time.monotonic() - self.saved > _SAVE
        wish = self.processes.most(2 if interrupt.asked else int(due))
        if wish:
            self._finite()
            self.save()
        if wish == 2:
            self.processes.wait()  # who ends first has torchrun end the others, and one of them is writing
            where = f"in epoch {position.epoch + 1} after step {position.step} of {self.steps}"
            raise self.stopped(where, interrupt.exit_code)

    def _step(self, image: Tensor, count: int) -> None:
        config, position = self.config, self.position
        number = position.epoch * self.steps + position.step
        for group in self.optimizer.param_groups:
            group["lr"] = rate(config.lr, number, config.epochs * self.steps)
        first = self.processes.part(count).start
        step = Step(
            config.seed,
            number,
            self.device,
            epoch=position.epoch + position.step / self.steps,
            memory=self.memory,
            rows=(first, count),
            processes=self.processes if self.processes.count > 1 else None,
        )
        if self.changes:
            image = augment(image, self.changes, step)
        image = image.contiguous(memory_format=self.layout)
        with self._arithmetic():
            loss: Loss = self.objective(image, step)
        if self.recorded:  # what lies in a recording's memory is gone at the next step
            self.memory |= {name: value.clone() for name, value in self.memory.items()}
        self.optimizer.zero_grad(set_to_none=True)
        # processes' gradients are averaged: each weighs as much as its share of the batch
        weight = len(image) * self.processes.count / count
        (loss.objective * weight if weight != 1 else loss.objective).backward()  # type: ignore[no-untyped-call]
        clip_gradient(self.weights, self.longest)
        self.optimizer.step()
        self._follow(number)
        self._sum({"loss": loss.objective.detach()} | loss.terms, len(image))
        position.step += 1
        self._look(loss.objective.detach(), count)

    def _arithmetic(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def _look(self, objective: Tensor, count: int) -> None:
        """Show the loss and see that it is a number: at every step where that costs nothing."""
        shown = self.position.step % _LOOK == 1 or self.position.step == self.steps
        value = self.glance.look(objective) if self.device.type == "cpu" or shown else None
        if value is not None and not math.isfinite(value):
            raise self._not_a_number(value)
        self.watcher.step(count, value if shown else None)

    def _finite(self) -> None:
        if not math.isfinite(float(self.sums["loss"])):
            raise self._not_a_number(float(self.sums["loss"]))

    def _not_a_number(self, value: float) -> TrainingError:
        return TrainingError(
            f"the loss became {value} in epoch {self.position.epoch + 1} at step {self.position.step} of "
            f"{self.steps}. The weights before it are kept in {self.run.path}. Train anew with a smaller "
            f"--lr than {self.config.lr:g}, or with --precision fp32."
        )

    def _sum(self, terms: dict[str, Tensor], images: int) -> None:
        for name in terms:
            if name not in self.sums:
                self.sums[name] = torch.zeros((), device=self.device)
        # in one call, whatever their number: on a GPU each call costs more than the sum
        sums, values = [self.sums[name] for name in terms], [value.float() for value in terms.values()]
        torch._foreach_add_(sums, values, alpha=images)

    @torch.no_grad()
    def _follow(self, number: int) -> None:
        """Move the average a little towards the weights; faster at first, when they are still far off."""
        if self.average is self.model:
            return
        keep = min(self.config.average, (1 + number) / (10 + number))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)

    def _end_epoch(self, count: int) -> None:
        position = self.position
        parts = self.processes.gather({name: float(value) for name, value in self.sums.items()})
        row = {"epoch": float(position.epoch + 1)}
        row |= {name: sum(part[name] for part in parts) / count for name in parts[0]}
        with self._arithmetic():
            row["validation_loss"] = validate(self.variant, self.average, self.validation, self.processes)
        if row["validation_loss"] < position.best:
            position.best, position.stale = row["validation_loss"], 0
            if self.processes.writes:
                self.run.write_tensors(BEST, self.average.state_dict())
        else:
            position.stale += 1
        position.epoch, position.step = position.epoch + 1, 0
        self.sums.clear()
        position.rows.append(row)
        if self.processes.writes:
            self.run.write_history(position.rows)
        self.save()
        if self.board:
            self.board.epoch(row)
        self.watcher.epoch(row)

    def state(self) -> State:
        """All that the next step depends on; of the sums of this epoch, every process's."""
        sums = self.processes.gather({name: value.cpu() for name, value in self.sums.items()})
        return State(
            position=self.position,
            steps=self.steps,
            model=self.model.state_dict(),
            average=self.average.state_dict() if self.average is not self.model else {},
            moments=self.optimizer.state_dict()["state"],
            memory=self.memory,
            sums={name: torch.stack([own[name] for own in sums]).squeeze() for name in self.sums},
        )

    def save(self) -> None:
        """Write the checkpoint."""
        state = self.state()
        if self.processes.writes:
            checkpoint.write(self.run, state)
        self.saved = time.monotonic()

    def restore(self) -> None:
        """Put the checkpoint back, with the history until then.

        Raises:
            RunError: it is damaged, or does not belong to this run.
        """
        run, state = self.run, checkpoint.read(self.run, self.watcher.note)
        with checkpoint.damaged(run):
            parts = {name: checkpoint.own_part(value, self.processes) for name, value in state.sums.items()}
            self.sums = {name: value.to(self.device) for name, value in parts.items()}
            checkpoint.fill_moments(self.optimizer, state.moments)
        if state.position.step and state.steps != self.steps:
            raise RunError(
                f"{run.path} was stopped within an epoch of {state.steps} steps; now one has {self.steps}: "
                "the images or --batch-size have changed. Put them back, or train anew."
            )
        run.fill(self.model, state.model)
        if self.average is not self.model:
            run.fill(self.average, state.average)
        self.memory.update({name: value.to(self.device) for name, value in state.memory.items()})
        self.position = state.position
        if told := checkpoint.keep_best(run, state.position, self.average, self.processes):
            self.watcher.note(told)


def _convolves(model: nn.Module) -> bool:
    return any(isinstance(module, nn.Conv2d) for module in model.modules())
