"""The training loop: epochs, steps and checkpoints.

The order of the images and all random numbers come from the run's seed and the number of the epoch or step,
never from the state of a generator. So a run that is continued from any step draws the same numbers as one
that was never interrupted.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diabolo.runtime._old_names import old_attributes, old_names
from diabolo.runtime.listing import quoted
from diabolo.train.async_scalar import AsyncScalar
from diabolo.train.batches.augment import Augment, augment
from diabolo.train.batches.feed import drawn, feed, resident, shuffled
from diabolo.train.budget import decided, epochs_since_validation
from diabolo.train.callbacks import Callback
from diabolo.train.config import Config
from diabolo.train.datasets import Images, Split
from diabolo.train.distributed import Distributed
from diabolo.train.errors import RunError, StoppedError, TrainingError
from diabolo.train.evaluation.evaluate import validate
from diabolo.train.interrupt import Interrupt
from diabolo.train.model import Model
from diabolo.train.objective import Objective, add_terms, compiled, memory_format
from diabolo.train.optim.ema import copy_buffers, update_average
from diabolo.train.optim.optimizer import clip_gradient, make_optimizer, set_rate
from diabolo.train.optim.schedule import learning_rate
from diabolo.train.run import BEST, Run, checkpoint
from diabolo.train.run.checkpoint import Position, State
from diabolo.train.step import Step
from diabolo.train.variants import Loss, VariantBase

__all__ = ["Trainer"]

__getattr__ = old_names(__name__, {"Training": "Trainer"})

_SAVE_AFTER = 60.0  # seconds between checkpoints within an epoch
_REPORT_EVERY = 20  # steps between two readings of the loss, on a device where reading it takes time


@old_attributes(processes="distributed", watcher="callback", board="tensorboard", go="train")
@dataclass(kw_only=True)
class Trainer:
    """Trains a model for the epochs of a run, and writes its weights, history and checkpoints.

    Attributes:
        run: the run's folder and settings.
        variant: gives the loss.
        model: to be trained.
        images: to train on, uint8 `(n, channels, height, width)`.
        validation: images that the best weights are chosen by.
        distributed: the processes that train together.
        callback: told how the training goes.
        tensorboard: a second callback, told of every epoch.
        position: how far the training has come.
        memory: what the loss keeps from step to step.
        sums: of the loss and its terms over the images of this epoch so far.
    """

    run: Run
    variant: VariantBase
    model: Model
    images: Images
    validation: Split
    distributed: Distributed
    callback: Callback
    tensorboard: Callback | None = None
    position: Position = field(default_factory=Position)
    memory: dict[str, Tensor] = field(default_factory=dict)
    sums: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.config
        self.epochs, self.batch_size, self.validate_every = decided(config)
        self.device = torch.device(config.device)
        self.layout = memory_format(self.model)
        self.model.to(self.device).to(memory_format=self.layout)
        self.optimizer = make_optimizer(self.model, config)
        self.augmentation = Augment.parse(config.augment or "")
        self.weights = list(self.model.parameters())
        self.max_norm = config.clip * math.prod(self.model.image_shape) ** 0.5
        # what is validated and saved: the EMA of the weights, or the weights themselves
        self.average = copy.deepcopy(self.model) if config.average else self.model
        self.objective: Any = self.distributed.wrap(Objective(self.variant, self.model), self.device)
        self.cuda_graphs = False
        if config.compile:
            self.objective, self.cuda_graphs = compiled(self.objective, self.device, self.distributed)
        # a GPU holds all images, if they fit; otherwise they are uploaded batch by batch
        self.source = resident(self.images, self.device)
        self.async_loss = AsyncScalar(self.device)
        self.last_saved = time.monotonic()

    @property
    def config(self) -> Config:
        """The run's settings."""
        return self.run.config

    @property
    def steps(self) -> int:
        """Steps per epoch; its images are split evenly, so that the last batch is not smaller."""
        return math.ceil(len(self.images) / self.batch_size)

    @property
    def finished(self) -> bool:
        """Whether the last epoch is done, or `patience` epochs have passed without a better loss."""
        out_of_patience = 0 < self.config.patience <= self.position.stale
        return out_of_patience or self.position.epoch >= self.epochs

    def train(self, interrupt: Interrupt | None = None) -> None:
        """Train until `finished`.

        Args:
            interrupt: handles the signals; by default a new one.

        Raises:
            StoppedError: Ctrl-C, SIGTERM or SIGHUP; everything is saved.
            TrainingError: the loss is not a number; the last good weights are kept.
            RunError: the run's folder cannot be written to, or has been removed.
        """
        interrupt = interrupt or Interrupt()
        with interrupt.patience():
            while not self.finished:
                self._train_epoch(interrupt)
            if self.distributed.max(interrupt.asked or 0):
                raise self.stopped("after the last epoch", interrupt.exit_code)

    def stopped(self, where: str, exit_code: int) -> StoppedError:
        """The error that says where the training was stopped, and how to continue."""
        again = f"diabolo train {self.config.variant} --resume -o {quoted(self.run.path)}"
        python = f"diabolo.train.resume({str(self.run.path)!r})"
        return StoppedError(
            f"stopped {where}, and saved. Continue: {again} (from Python: {python})", exit_code
        )

    def _train_epoch(self, interrupt: Interrupt) -> None:
        config, position = self.config, self.position
        self.model.train()
        orders = 2 if self.augmentation.mix else 1  # the second one has the images to mix with
        batches = shuffled(len(self.images), self.steps, config.seed, position.epoch, orders)[position.step :]
        shard = self.distributed.shard
        own = [np.concatenate([piece[shard(len(piece))] for piece in pieces]) for pieces in batches]
        source = drawn(self.source, config.seed, position.epoch)
        for (piece, *_), image in zip(batches, feed(source, own, self.device), strict=True):
            self._step(image, len(piece))
            self._save_or_stop(interrupt)
        self._check_finite(float(self.sums["loss"]))
        position.epoch, position.step = position.epoch + 1, 0
        if position.epoch % self.validate_every == 0 or position.epoch == self.epochs:
            self._validate()

    def _save_or_stop(self, interrupt: Interrupt) -> None:
        """Save if a minute has passed since the last checkpoint; save and stop if a signal asks for it."""
        position, alone = self.position, self.distributed.world_size == 1
        if not (alone or position.step % _REPORT_EVERY == 0 or position.step == self.steps):
            return  # several processes have to agree, which takes time
        due = time.monotonic() - self.last_saved > _SAVE_AFTER
        action = self.distributed.max(2 if interrupt.asked else int(due))  # 1: save, 2: save and stop
        if action:
            self._check_finite(float(self.sums["loss"]))
            self.save()
        if action == 2:
            # torchrun ends all processes when the first one ends, and the main process is still writing
            self.distributed.barrier()
            where = f"in epoch {position.epoch + 1} after step {position.step} of {self.steps}"
            raise self.stopped(where, interrupt.exit_code)

    def _step(self, image: Tensor, count: int) -> None:
        config, position = self.config, self.position
        number = position.epoch * self.steps + position.step
        set_rate(self.optimizer, learning_rate(config.lr, number, self.epochs * self.steps))
        step = Step(
            config.seed,
            number,
            self.device,
            epoch=position.epoch + position.step / self.steps,
            memory=self.memory,
            rows=(self.distributed.shard(count).start, count),
            distributed=self.distributed if self.distributed.world_size > 1 else None,
            images=len(self.images),
        )
        if self.augmentation:
            image, *others = image.chunk(2 if self.augmentation.mix else 1)
            image = augment(image, self.augmentation, step, *others)
        halves = image.chunk(image.shape[1] // self.model.image_shape[0], 1)  # clean, and noisy if given
        image, *noisy = (half.contiguous(memory_format=self.layout) for half in halves)
        step.noisy = noisy[0] if noisy else None
        with self._autocast():
            loss: Loss = self.objective(image, step)
        if self.cuda_graphs:  # the next step overwrites a CUDA graph's memory
            self.memory |= {name: value.clone() for name, value in self.memory.items()}
        self.optimizer.zero_grad(set_to_none=True)
        # gradients are averaged over processes: weight each by its share of the batch
        weight = len(image) * self.distributed.world_size / count
        (loss.objective * weight if weight != 1 else loss.objective).backward()  # type: ignore[no-untyped-call]
        clip_gradient(self.weights, self.max_norm)
        self.optimizer.step()
        if self.average is not self.model:
            update_average(self.average, self.model, number, config.average)
        add_terms(self.sums, {"loss": loss.objective.detach()} | loss.terms, len(image))
        position.step += 1
        self._report_loss(loss.objective.detach(), count)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def _report_loss(self, objective: Tensor, count: int) -> None:
        """Pass the loss to the callback, and raise if it is not finite; on a CPU at every step."""
        shown = self.position.step % _REPORT_EVERY == 1 or self.position.step == self.steps
        value = self.async_loss.exchange(objective) if self.device.type == "cpu" or shown else None
        if value is not None:
            self._check_finite(value)
        self.callback.step(count, value if shown else None)

    def _check_finite(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss} in epoch {self.position.epoch + 1} at step {self.position.step} of "
                f"{self.steps}. The weights before it are kept in {self.run.path}. Train again with a "
                f"smaller --lr than {self.config.lr:g}, or with --precision fp32."
            )

    def _validate(self) -> None:
        """Validate, and write the best weights, the history and a checkpoint, after whole epochs."""
        position = self.position
        seen = epochs_since_validation(position.epoch, self.validate_every, position.rows)
        parts = self.distributed.gather({name: float(value) for name, value in self.sums.items()})
        row = {"epoch": float(position.epoch)}
        row |= {name: sum(p[name] for p in parts) / (seen * len(self.images)) for name in parts[0]}
        if self.average is not self.model:
            copy_buffers(self.average, self.model)
        with self._autocast():
            row["validation_loss"] = validate(self.variant, self.average, self.validation, self.distributed)
        if row["validation_loss"] < position.best:
            position.best, position.stale = row["validation_loss"], 0
            if self.distributed.is_main:
                self.run.write_tensors(BEST, self.average.state_dict())
        else:
            position.stale += seen
        self.sums.clear()
        position.rows.append(row)
        if self.distributed.is_main:
            self.run.write_history(position.rows)
        self.save()
        if self.tensorboard:
            self.tensorboard.epoch(row)
        self.callback.epoch(row)

    def state(self) -> State:
        """Everything that the next step depends on, with the sums of every process."""
        sums = self.distributed.gather({name: value.cpu() for name, value in self.sums.items()})
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
        if self.distributed.is_main:
            checkpoint.write(self.run, state)
        self.last_saved = time.monotonic()

    def restore(self) -> None:
        """Load the run's checkpoint, with the history up to it.

        Raises:
            RunError: it is damaged, or does not belong to this run.
        """
        run, state = self.run, checkpoint.read(self.run, self.callback.note)
        with checkpoint.damaged(run):
            parts = {name: checkpoint.own_share(own, self.distributed) for name, own in state.sums.items()}
            self.sums = {name: value.to(self.device) for name, value in parts.items()}
            checkpoint.fill_moments(self.optimizer, state.moments)
        if state.position.step and state.steps != self.steps:
            raise RunError(
                f"{run.path} was stopped within an epoch of {state.steps} steps; now one has {self.steps}: "
                "the images or --batch-size have changed. Put them back, or train again."
            )
        run.fill(self.model, state.model)
        if self.average is not self.model:
            run.fill(self.average, state.average)
        self.memory.update({name: value.to(self.device) for name, value in state.memory.items()})
        self.position = state.position
        if told := checkpoint.keep_best(run, state.position, self.average, self.distributed):
            self.callback.note(told)
