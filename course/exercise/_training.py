"""Check that a student's network learns, by our training loop or by the student's."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader, Dataset

from diabolo.course.exercise._events import Events
from diabolo.course.exercise._exercise import Exercise
from diabolo.course.exercise._load import StudentFile
from diabolo.course.exercise._network import Pair, make
from diabolo.course.exercise._report import Mistake
from diabolo.train.datasets import ImageData, rows_of, spread
from diabolo.train.evaluation.pca import fit_pca

__all__ = ["check_learning", "check_loop", "check_training"]

_BATCH = 64
_STEPS = 200


def check_learning(
    file: StudentFile, exercise: Exercise, shape: tuple[int, int, int], events: Events
) -> None:
    """Check that the network can learn a few pictures by heart.

    Raises:
        Mistake: it cannot.
    """
    events.step("learns", 4 * exercise.patience)
    encoder, decoder = (module.train() for module in make(file, shape, exercise.latent_dim))
    images = _shapes(16, shape)
    before = float((images - images.mean(0)).square().mean())
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
    for _ in range(_STEPS):
        loss = (torch.sigmoid(decoder(encoder(images))) - images).square().mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    if not float(loss.detach()) < 0.75 * before:
        raise Mistake("learns-nothing", found=f"{float(loss.detach()):.4f}", mean=f"{before:.4f}")


def check_loop(file: StudentFile, exercise: Exercise, shape: tuple[int, int, int], events: Events) -> None:
    """Check the student's training loop on a few pictures.

    Raises:
        Mistake: it does not train.
    """
    events.step("loop", 2 * exercise.patience)
    pair = make(file, shape, exercise.latent_dim)
    before = [parameters_to_vector(module.parameters()).detach() for module in pair]
    images, epochs = _Images(_shapes(4 * _BATCH, shape)), 2
    batches = _batches(images)
    counts: Counter[str] = Counter()
    with _counting(counts):
        file.call("train", file.find("train"), *pair, batches, epochs)
    steps = epochs * len(batches)
    if images.taken == 0:
        raise Mistake("no-batches")
    if not counts["backward"]:
        raise Mistake("no-backward")
    if not counts["step"]:
        raise Mistake("no-step")
    if not counts["zero_grad"]:
        raise Mistake("no-zero-grad")
    if counts["step"] < steps:
        raise Mistake("few-steps", found=counts["step"], wanted=steps, epochs=epochs, batches=len(batches))
    for name, module, old in zip(("Encoder", "Decoder"), pair, before, strict=True):
        new = parameters_to_vector(module.parameters()).detach()
        if not new.isfinite().all():
            raise Mistake("diverged")
        if torch.equal(old, new):
            raise Mistake("left-out", name=name)


def check_training(file: StudentFile, exercise: Exercise, data: ImageData, events: Events) -> None:
    """Train by the student's loop, and compare the error on the test images.

    Args:
        file: the student's.
        exercise: what it asks for.
        data: one of the datasets in `exercise.ours`; `exercise.images` of its training images are used.
        events: told of the progress and the figures.

    Raises:
        Mistake: the error is larger than the goal.
    """
    learned = rows_of(data.train.images, spread(len(data.train.images), exercise.images))
    train, test = (torch.from_numpy(images[:]).float() / 255 for images in (learned, data.test.images))
    events.step("training", exercise.seconds)
    pair = make(file, data.image_shape, exercise.latent_dim)
    images = _Images(train, functools.partial(events.progress, total=exercise.epochs * len(train)))
    torch.manual_seed(0)
    file.call("train", file.find("train"), *pair, _batches(images), exercise.epochs)
    events.step("error", 4 * exercise.patience)
    found, as_logits = _errors(pair, test)
    mean = float((test - train.mean(0)).square().mean())
    pca = fit_pca(learned, exercise.latent_dim).reconstruct(test.numpy())
    linear = float((torch.from_numpy(pca) - test).square().mean())
    ours = exercise.ours[data.name]
    goal = exercise.goal * ours
    events.figures(yours=found, goal=goal, ours=ours, pca=linear, mean=mean)
    shown = {"found": f"{found:.4f}", "goal": f"{goal:.4f}", "mean": f"{mean:.4f}", "pca": f"{linear:.4f}"}
    if not found < float("inf"):
        raise Mistake("diverged")
    if as_logits < 0.8 * min(found, mean):
        raise Mistake("compares-logits", logits=f"{as_logits:.4f}", **shown)
    if found > 0.95 * mean:
        raise Mistake("mean-image", **shown)
    if found > goal:
        raise Mistake("worse-than-pca" if found > linear else "above-goal", **shown)


class _Images(Dataset[Tensor]):
    """Images that count how many of them were taken.

    Args:
        images: `(count, channels, height, width)` in [0, 1].
        tell: called with that number after each.
    """

    def __init__(self, images: Tensor, tell: Callable[[int], None] = lambda _taken: None) -> None:
        self._images, self._tell = images, tell
        self.taken = 0

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Tensor:
        self.taken += 1
        self._tell(self.taken)
        return self._images[index]


def _batches(images: _Images) -> DataLoader[Tensor]:
    return DataLoader(images, batch_size=_BATCH, shuffle=True)


@contextmanager
def _counting(counts: Counter[str]) -> Iterator[None]:
    """Count the calls that a training loop consists of: 'backward', 'step' and 'zero_grad'."""

    def counted(owner: Any, name: str) -> Any:
        original = getattr(owner, name)

        @functools.wraps(original)
        def call(*args: Any, **options: Any) -> Any:
            counts[name] += 1
            return original(*args, **options)

        return mock.patch.object(owner, name, call)

    def stepped(*_: Any) -> None:
        counts["step"] += 1

    owners = ((torch.autograd, "backward"), (Optimizer, "zero_grad"), (torch.nn.Module, "zero_grad"))
    with ExitStack() as stack:
        for owner, name in owners:
            stack.enter_context(counted(owner, name))
        stack.callback(register_optimizer_step_post_hook(stepped).remove)
        yield


@torch.no_grad()
def _errors(pair: Pair, images: Tensor) -> tuple[float, float]:
    """The MSE of the reconstructions, and of the logits taken for images."""
    encoder, decoder = (module.eval() for module in pair)
    found = torch.zeros(2, dtype=torch.float64)
    for batch in torch.split(images, 500):
        logits = decoder(encoder(batch))
        for index, out in enumerate((torch.sigmoid(logits), logits)):
            found[index] += (out - batch).square().flatten(1).mean(1).double().sum()
    sigmoid, raw = (found / len(images)).nan_to_num(float("inf")).tolist()
    return sigmoid, raw


def _shapes(count: int, shape: tuple[int, int, int]) -> Tensor:
    """Bright rectangles on black, `(count, *shape)`."""
    random = torch.Generator().manual_seed(0)
    _, height, width = shape
    corners = torch.rand(count, 4, generator=random)
    rows, columns = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    top, left = corners[:, 0, None] / 2, corners[:, 1, None] / 2
    inside_rows = (rows >= top) & (rows <= top + 0.2 + corners[:, 2, None] / 3)
    inside_columns = (columns >= left) & (columns <= left + 0.2 + corners[:, 3, None] / 3)
    images = (inside_rows[:, :, None] & inside_columns[:, None, :]).float()
    return images[:, None].expand(count, *shape).contiguous()
